using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Connection;

/// <summary>A buffer a thread, in which one message is written before it is queued: so nothing of a caller runs under the queue's lock.</summary>
internal static class Scratch
{
    private const int LargestKept = 256 * 1024;

    /// <summary>Room for framing and envelope beside the largest message.</summary>
    private const int FramingBytes = 64;

    [ThreadStatic]
    private static OutputBuffer? t_spare;

    /// <summary>Takes the thread's buffer; a nested use gets one of its own.</summary>
    public static OutputBuffer Rent(int maxMessageBytes)
    {
        OutputBuffer buffer = t_spare ?? new OutputBuffer(1024);
        t_spare = null;
        buffer.Limit = maxMessageBytes + FramingBytes;
        return buffer;
    }

    /// <summary>Gives it back.</summary>
    public static void Return(OutputBuffer buffer)
    {
        buffer.Clear();
        buffer.ShrinkAbove(LargestKept);
        t_spare = buffer;
    }
}
