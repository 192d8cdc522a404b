namespace PluginHost.Rpc.Messages;

/// <summary>Takes large values out of the messages that are written. Thread-safe.</summary>
internal abstract class PayloadSink
{
    /// <summary>Values up to this many bytes are not worth being asked about.</summary>
    public const int AlwaysInline = 4096;

    /// <summary>Takes a value, and copies it; false where it belongs into the message.</summary>
    /// <param name="value">The value.</param>
    /// <param name="message">The message it is a part of; it remembers what was taken, until it is sent or given up.</param>
    /// <param name="isText">True where the message is text: bytes then cost a third more in it, and may not go to shared memory.</param>
    /// <param name="reference">What the message holds instead.</param>
    /// <exception cref="Contracts.Invocation.ValueFormatException">The value is larger than any value may be.</exception>
    public abstract bool TryPlace(ReadOnlySpan<byte> value, OutputBuffer message, bool isText, out PayloadReference reference);

    /// <summary>Forgets a value whose message is not sent.</summary>
    public abstract void TakeBack(PayloadReference reference);
}
