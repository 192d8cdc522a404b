using System.Globalization;
using System.Runtime.InteropServices;

namespace Fixtures.Processes.Plugin;

/// <summary>What a hostile plugin can do to the memory that its process shares with the host.</summary>
/// <param name="name">What the memory is called in /proc.</param>
/// <param name="controlBytes">How much of its begin says what is where.</param>
internal sealed unsafe class MemoryAttack(string name, int controlBytes)
{
    private const int ReadWrite = 2;
    private const int DataStart = 2 * 64 * 1024;

    public static MemoryAttack Ring { get; } = new("/memfd:pluginhost-ring", 1024);

    /// <summary>The memory of large values: the counts of what was given back, and the begin of the first queue.</summary>
    public static MemoryAttack Payloads { get; } = new("/memfd:pluginhost-payloads", 256);

    public void Start(string how, int seed)
    {
        (nint start, long bytes) = Find();
        new Thread(() => Run(how, (byte*)start, bytes, new Random(seed))) { IsBackground = true }.Start();
    }

    public string Truncate(int host)
    {
        int tried = 0;
        int truncated = 0;
        foreach (string path in Paths("/proc/self/fd").Concat(Paths($"/proc/{host}/fd")).Concat(Paths("/proc/self/map_files")))
        {
            int descriptor = open(path, ReadWrite);
            if (descriptor >= 0)
            {
                tried++;
                truncated += ftruncate(descriptor, 0) == 0 || ftruncate(descriptor, 1 << 30) == 0 ? 1 : 0;
                _ = close(descriptor);
            }
        }

        return $"{tried} tried, {truncated} truncated";
    }

    public void Write(long at, ReadOnlySpan<byte> bytes) => bytes.CopyTo(new Span<byte>((byte*)Find().Start + at, bytes.Length));

    public long Read(long at) => Volatile.Read(ref *(long*)((byte*)Find().Start + at));

    private IEnumerable<string> Paths(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder).Where(p => new FileInfo(p).LinkTarget?.StartsWith(name, StringComparison.Ordinal) == true)];
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return [];
        }
    }

    private (nint Start, long Bytes) Find()
    {
        string line = File.ReadLines("/proc/self/maps").First(l => l.Contains(name, StringComparison.Ordinal));
        string[] range = line.Split(' ')[0].Split('-');
        long start = long.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return ((nint)start, long.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) - start);
    }

    private void Run(string how, byte* start, long bytes, Random random)
    {
        while (true)
        {
            Thread.SpinWait(random.Next(200_000));
            switch (how)
            {
                case "unmap":
                    _ = munmap((nint)start, (nuint)bytes);
                    return;
                case "control":
                    random.NextBytes(new Span<byte>(start + random.Next(controlBytes - 8), 8));
                    break;
                case "data":
                    // Behind all that says what is where.
                    random.NextBytes(new Span<byte>(start + DataStart + random.NextInt64(bytes - DataStart - 256), 256));
                    break;
                default:
                    int count = random.Next(1, 256);
                    random.NextBytes(new Span<byte>(start + random.NextInt64(bytes - count), count));
                    break;
            }
        }
    }

    [DllImport("libc")]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc")]
    private static extern int ftruncate(int descriptor, nint length);

    [DllImport("libc")]
    private static extern int close(int descriptor);

    [DllImport("libc")]
    private static extern int munmap(nint address, nuint length);
}
