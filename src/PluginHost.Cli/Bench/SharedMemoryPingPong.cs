using System.Diagnostics;
using System.IO.MemoryMappedFiles;

namespace PluginHost.Cli.Bench;

/// <summary>
/// A number there and back through memory that two processes share; both spin and give their core away between looks. The floor under every
/// transport: nothing is copied and nobody is woken.
/// </summary>
internal sealed unsafe class SharedMemoryPingPong : IDisposable
{
    /// <summary>The peer's name for this.</summary>
    public const string Kind = "memory";

    private const int Bytes = 4096;
    private const int LooksBeforeYield = 20;
    private const long Pause = -1;
    private static readonly TimeSpan s_longestSilence = TimeSpan.FromSeconds(5);
    private readonly Mapping _mapping;
    private readonly PeerProcess _peer;
    private long _number;

    /// <summary>Creates the memory and starts the peer.</summary>
    /// <param name="scratch">A folder for the mapped file.</param>
    public SharedMemoryPingPong(string scratch)
    {
        string path = Path.Combine(scratch, "ping.memory");
        File.WriteAllBytes(path, new byte[Bytes]);
        _mapping = new Mapping(path);
        _peer = new PeerProcess(Kind, path);
    }

    /// <summary>Times round trips, in ticks of <see cref="Stopwatch"/>. The peer spins only meanwhile.</summary>
    public void Time(Span<long> ticks)
    {
        // Before the peer looks: it would take what ended the last turn for the end of this one.
        Volatile.Write(ref *_mapping.Request, _number);
        _peer.Go();
        for (int i = -1; i < ticks.Length; i++)
        {
            long started = Stopwatch.GetTimestamp();
            long number = ++_number;
            Volatile.Write(ref *_mapping.Request, number);
            for (int looks = 1; Volatile.Read(ref *_mapping.Answer) != number; looks++)
            {
                Rest(looks);
            }

            // The first one only waits until the peer has begun.
            if (i >= 0)
            {
                ticks[i] = Stopwatch.GetTimestamp() - started;
            }
        }

        Volatile.Write(ref *_mapping.Request, Pause);
    }

    /// <summary>The peer's side: answers while it is told to, until its standard input ends.</summary>
    public static int Answer(string path)
    {
        using Mapping mapping = new(path);
        long last = 0;
        while (Console.In.ReadLine() is not null)
        {
            last = AnswerUntilPause(mapping, last);
        }

        return 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _peer.Dispose();
        _mapping.Dispose();
    }

    private static long AnswerUntilPause(Mapping mapping, long last)
    {
        long heard = Stopwatch.GetTimestamp();
        for (int looks = 1; ; looks++)
        {
            long number = Volatile.Read(ref *mapping.Request);
            if (number > last)
            {
                last = number;
                Volatile.Write(ref *mapping.Answer, number);
                heard = Stopwatch.GetTimestamp();
            }
            else if (number == Pause || Stopwatch.GetElapsedTime(heard) > s_longestSilence)
            {
                return last;
            }
            else
            {
                Rest(looks);
            }
        }
    }

    private static void Rest(int looks)
    {
        if (looks % LooksBeforeYield == 0)
        {
            Thread.Yield();
        }
        else
        {
            Thread.SpinWait(1);
        }
    }

    /// <summary>The shared memory: two numbers on cache lines of their own.</summary>
    private sealed class Mapping : IDisposable
    {
        private readonly MemoryMappedFile _file;
        private readonly MemoryMappedViewAccessor _view;

        public Mapping(string path)
        {
            _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, Bytes);
            _view = _file.CreateViewAccessor(0, Bytes);
            byte* address = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref address);
            Request = (long*)address;
            Answer = (long*)(address + 128);
        }

        public long* Request { get; }

        public long* Answer { get; }

        public void Dispose()
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
        }
    }
}
