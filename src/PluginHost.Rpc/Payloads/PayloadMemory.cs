using Microsoft.Win32.SafeHandles;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Payloads;

/// <summary>
/// The memory in which two processes hand each other large values: an area for each direction, which only its writer divides, and a queue for
/// each direction through which the reader gives parts of it back. Nothing in it is believed. Thread-safe.
/// </summary>
public sealed class PayloadMemory : IDisposable
{
    /// <summary>The usual size of one direction's area: 512 MiB of addresses. Its pages are taken as they are used.</summary>
    public const long UsualAreaBytes = 512L * 1024 * 1024;

    /// <summary>The smallest area.</summary>
    public const long SmallestAreaBytes = 1024 * 1024;

    private const long LargestAreaBytes = 64L * 1024 * 1024 * 1024;
    private readonly SharedMemory _memory;
    private readonly bool _isCreator;
    private readonly long _areaBytes;

    private PayloadMemory(SharedMemory memory, long areaBytes, bool isCreator)
    {
        _memory = memory;
        _areaBytes = areaBytes;
        _isCreator = isCreator;
    }

    /// <summary>The descriptor for the other process. It can be closed once that has it.</summary>
    public SafeFileHandle Descriptor => _memory.Descriptor;

    /// <summary>How many bytes one direction has.</summary>
    public long AreaBytes => _areaBytes;

    internal SharedMapping Mapping => _memory.Mapping;

    /// <summary>Where this side's own area begins.</summary>
    internal long OutStart => AreaStart(_isCreator ? 0 : 1);

    /// <summary>Where the other side's area begins.</summary>
    internal long InStart => AreaStart(_isCreator ? 1 : 0);

    /// <summary>Where the other side gives parts of this side's area back.</summary>
    internal long OutReturns => _isCreator ? 0 : ReturnQueue.Bytes;

    /// <summary>Where this side gives parts of the other's area back.</summary>
    internal long InReturns => _isCreator ? ReturnQueue.Bytes : 0;

    /// <summary>True for a size that an area can have: whole pages of 4 KiB, 1 MiB to 64 GiB.</summary>
    public static bool IsAreaSize(long areaBytes) =>
        areaBytes is >= SmallestAreaBytes and <= LargestAreaBytes && areaBytes % PayloadArea.PageBytes == 0;

    /// <summary>Creates the memory, on the side that starts the other.</summary>
    /// <param name="name">What it is called in /proc.</param>
    /// <param name="areaBytes">The size of each direction's area: whole pages of 4 KiB, 1 MiB to 64 GiB.</param>
    /// <exception cref="SharedMemoryException">The system has no such memory.</exception>
    public static PayloadMemory Create(string name, long areaBytes = UsualAreaBytes)
    {
        Check(areaBytes);
        return new PayloadMemory(SharedMemory.Create(name, TotalOf(areaBytes)), areaBytes, isCreator: true);
    }

    /// <summary>Opens what the other side created.</summary>
    /// <param name="descriptor">The descriptor, as inherited; owned from here on.</param>
    /// <param name="areaBytes">The size as the other side says it.</param>
    /// <exception cref="SharedMemoryException">It is no such memory.</exception>
    public static PayloadMemory Open(SafeFileHandle descriptor, long areaBytes)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        Check(areaBytes);
        return new PayloadMemory(SharedMemory.Open(descriptor, TotalOf(areaBytes)), areaBytes, isCreator: false);
    }

    /// <summary>Lets go of the memory. What a caller still holds of it stays where it is.</summary>
    public void Dispose() => _memory.Dispose();

    private static long TotalOf(long areaBytes) => (2 * ReturnQueue.Bytes) + (2 * areaBytes);

    private static void Check(long areaBytes)
    {
        if (!IsAreaSize(areaBytes))
        {
            throw new ArgumentOutOfRangeException(
                nameof(areaBytes), areaBytes, $"Expected {SmallestAreaBytes} to {LargestAreaBytes} bytes in whole pages of {PayloadArea.PageBytes}.");
        }
    }

    private long AreaStart(int index) => (2 * ReturnQueue.Bytes) + (index * _areaBytes);
}
