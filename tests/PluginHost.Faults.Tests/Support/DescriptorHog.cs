using System.Runtime.InteropServices;

namespace PluginHost.Faults.Tests.Support;

/// <summary>Takes every descriptor that this process may have, until it is disposed.</summary>
internal sealed unsafe partial class DescriptorHog : IDisposable
{
    private const int Descriptors = 7;
    private const int Most = 1024;
    private readonly List<int> _held = [];
    private readonly ulong _before;

    /// <summary>Lowers the limit for the time, so that there is an end, and takes what is left.</summary>
    public DescriptorHog()
    {
        ulong* pair = stackalloc ulong[2];
        Assert.Equal(0, getrlimit(Descriptors, pair));
        _before = pair[0];
        pair[0] = Most;
        Assert.Equal(0, setrlimit(Descriptors, pair));
        while (dup(1) is var descriptor and >= 0)
        {
            _held.Add(descriptor);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _held.ForEach(static descriptor => _ = close(descriptor));
        ulong* pair = stackalloc ulong[2];
        Assert.Equal(0, getrlimit(Descriptors, pair));
        pair[0] = _before;
        Assert.Equal(0, setrlimit(Descriptors, pair));
    }

    [LibraryImport("libc")]
    private static partial int dup(int descriptor);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, ulong* pair);

    [LibraryImport("libc")]
    private static partial int setrlimit(int resource, ulong* pair);
}
