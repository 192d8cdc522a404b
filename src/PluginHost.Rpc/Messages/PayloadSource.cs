using System.Buffers;

namespace PluginHost.Rpc.Messages;

/// <summary>
/// Gives a message's reader the large values that travelled beside it. Serves one message at a time and is not thread-safe. A reference that
/// cannot be right ends the connection.
/// </summary>
internal abstract class PayloadSource
{
    /// <summary>The value as a new array.</summary>
    /// <exception cref="MalformedMessageException">The reference is wrong.</exception>
    public abstract byte[] Copy(PayloadReference reference);

    /// <summary>The value for as long as the call lasts: where it is, or as a copy.</summary>
    /// <exception cref="MalformedMessageException">The reference is wrong.</exception>
    public abstract Memory<byte> Borrow(PayloadReference reference);

    /// <summary>The value for as long as its owner keeps it: where it is, or as a copy.</summary>
    /// <exception cref="MalformedMessageException">The reference is wrong.</exception>
    public abstract IMemoryOwner<byte> Own(PayloadReference reference);

    /// <summary>Gives a value back that nobody reads. One that was read is left alone.</summary>
    /// <exception cref="MalformedMessageException">The reference is wrong.</exception>
    public abstract void Drop(PayloadReference reference);
}
