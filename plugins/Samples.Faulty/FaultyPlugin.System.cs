using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Samples.Faulty;

/// <content>What it does to its process and to the system: signals, native memory, descriptors, programs.</content>
public sealed partial class FaultyPlugin
{
    private PosixSignalRegistration? _deafToTerm;

    /// <inheritdoc/>
    public void Raise(int signal) => _ = Libc.kill(Environment.ProcessId, signal);

    /// <inheritdoc/>
    public void BreakNative() => _ = Libc.strlen(8);

    /// <inheritdoc/>
    public Task LoopAsync(int milliseconds, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began).TotalMilliseconds < milliseconds;)
            {
                // All of a core.
            }
        },
        CancellationToken.None);

    /// <inheritdoc/>
    public void StarvePool(int items, int milliseconds)
    {
        for (int item = 0; item < items; item++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static time => Hold(time), milliseconds, preferLocal: false);
        }
    }

    /// <inheritdoc/>
    public unsafe void ExhaustNative(int mebibytes)
    {
        const nuint Block = 1024 * 1024;
        ulong most = AddressSpace() + ((ulong)mebibytes * Block);
        Libc.Limit(Libc.AddressSpace, most);
        Thread taking = new(Take) { Name = "faulty" };
        taking.Start();
        taking.Join();

        static void Take()
        {
            while (true)
            {
                // Throws where the system gives no more, and nobody catches it; each page is written, which is when it counts.
                NativeMemory.Fill(NativeMemory.Alloc(Block), Block, 1);
            }
        }
    }

    /// <inheritdoc/>
    public void ExhaustDescriptors(int most)
    {
        Libc.Limit(Libc.Descriptors, (ulong)most);
        List<FileStream> open = [];
        try
        {
            while (true)
            {
                open.Add(File.OpenRead("/dev/null"));
            }
        }
        finally
        {
            open.ForEach(static file => file.Dispose());
        }
    }

    /// <inheritdoc/>
    public int StartProgram(string script)
    {
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]))!;
        return process.Id;
    }

    /// <inheritdoc/>
    public void RefuseToEnd() => _deafToTerm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, static signal => signal.Cancel = true);

    /// <inheritdoc/>
    public void FillDisk(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Write);
        file.Write(new byte[4096]);
        file.Flush();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_deafToTerm is not null)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System).ConfigureAwait(false);
        }
    }

    private static void Hold(int milliseconds)
    {
        using ManualResetEventSlim never = new(initialState: false);
        never.Wait(milliseconds, CancellationToken.None);
    }

    /// <summary>How many bytes of addresses the process uses.</summary>
    private static ulong AddressSpace() => (ulong)Environment.SystemPageSize *
        ulong.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
}
