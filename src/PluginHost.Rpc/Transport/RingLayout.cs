namespace PluginHost.Rpc.Transport;

/// <summary>
/// Where the two rings lie in their memory: a page of control words, then the bytes from host to worker, then those from worker to host. Each word has a
/// cache line pair of its own, so that a side that writes one does not take the others from the other side's core.
/// </summary>
internal static class RingLayout
{
    /// <summary>The fewest bytes of one ring.</summary>
    public const int LeastBytes = 4096;

    /// <summary>The most bytes of one ring.</summary>
    public const int MostBytes = 64 * 1024 * 1024;

    /// <summary>From a ring's control words: how many bytes were ever written. 64 bits, by the writer.</summary>
    public const int Written = 0;

    /// <summary>From a ring's control words: how many bytes were ever read. 64 bits, by the reader.</summary>
    public const int Taken = 128;

    /// <summary>From a ring's control words: 1 where the reader wants a byte on the socket with the next write, which makes it 0. 32 bits.</summary>
    public const int ReaderSleeps = 256;

    /// <summary>From a ring's control words: 1 where the writer waits for room on this very word, a futex. 32 bits.</summary>
    public const int WriterSleeps = 384;

    private const int ControlBytes = 512;
    private const int ControlPage = 4096;

    /// <summary>The memory that two rings need.</summary>
    public static long MemoryBytes(int ringBytes) => ControlPage + (2L * ringBytes);

    /// <summary>The control words of one ring.</summary>
    public static int Control(bool isToWorker) => isToWorker ? 0 : ControlBytes;

    /// <summary>The bytes of one ring.</summary>
    public static int Data(bool isToWorker, int ringBytes) => ControlPage + (isToWorker ? 0 : ringBytes);
}
