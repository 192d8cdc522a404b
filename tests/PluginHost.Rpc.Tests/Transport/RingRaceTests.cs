using PluginHost.Rpc.Tests.Support;
using PluginHost.Rpc.Transport;
using Xunit;

namespace PluginHost.Rpc.Tests.Transport;

/// <summary>A writer and a reader on two threads, at the moments where the order of two memory accesses decides.</summary>
public sealed class RingRaceTests : IDisposable
{
    private const int Bytes = 1024 * 1024;
    private readonly SharedMemory _memory = RingTransport.CreateMemory(Bytes);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public async Task A_reader_that_goes_to_sleep_sees_the_last_write_or_is_seen_by_it()
    {
        RingWriter writer = Writer();
        RingReader reader = Reader();
        const int Rounds = 200_000;
        bool[] isReaderSeen = new bool[Rounds];
        bool[] isWriteSeen = new bool[Rounds];
        int writing = 0;
        int reading = 0;

        // Both do one thing and then ask for the other's, all in one step from a common start.
        Task writes = OnThread(() =>
        {
            byte[] one = [1];
            for (int i = 0; i < Rounds; i++)
            {
                Meet(ref writing, ref reading);
                writer.Write(one, out isReaderSeen[i]);
            }
        });
        Task reads = OnThread(() =>
        {
            byte[] one = new byte[1];
            for (int i = 0; i < Rounds; i++)
            {
                Meet(ref reading, ref writing);
                reader.AskToBeWoken();
                isWriteSeen[i] = reader.Read(one) > 0;
                while (!isWriteSeen[i] && reader.Read(one) == 0)
                {
                    Thread.SpinWait(1);
                }
            }
        });
        await Until.Ends(Task.WhenAll(writes, reads));

        Assert.DoesNotContain(true, Enumerable.Range(0, Rounds).Select(i => !isReaderSeen[i] && !isWriteSeen[i]));
    }

    [Fact]
    public async Task A_writer_that_waits_for_room_never_overtakes_a_slow_reader()
    {
        RingWriter writer = Writer();
        RingReader reader = Reader();
        const int Rounds = 50;
        Task writes = OnThread(() =>
        {
            byte[] bytes = new byte[Bytes];
            for (int i = 1; i <= Rounds; i++)
            {
                bytes.AsSpan().Fill((byte)i);
                for (int at = 0; at < Bytes;)
                {
                    at += writer.Write(bytes.AsSpan(at), out _);
                }
            }
        });

        for (int i = 1; i <= Rounds; i++)
        {
            // Memory that nobody has touched yet: to copy into it takes longer than to copy out of what is there.
            using SharedMemory fresh = SharedMemory.Create("fresh", Bytes);
            Assert.Equal(-1, ReadAll(reader, fresh).IndexOfAnyExcept((byte)i));
        }

        await Until.Ends(writes);
    }

    private static unsafe Span<byte> ReadAll(RingReader reader, SharedMemory into)
    {
        Span<byte> bytes = new(into.Mapping.Start, Bytes);
        for (int at = 0; at < Bytes;)
        {
            at += reader.Read(bytes[at..]);
        }

        return bytes;
    }

    /// <summary>Goes on when the other is here as well.</summary>
    private static void Meet(ref int own, ref int others)
    {
        int turn = Volatile.Read(ref own) + 1;
        Volatile.Write(ref own, turn);
        SpinWait spin = default;
        for (int looks = 0; Volatile.Read(ref others) < turn; looks++)
        {
            // Both leave together where both look; on a busy machine the other may have no core.
            if (looks > 1000)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }
        }
    }

    private static Task OnThread(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private unsafe RingWriter Writer() => new(_memory.Mapping.Start, Bytes, isToWorker: true);

    private unsafe RingReader Reader() => new(_memory.Mapping.Start, Bytes, isToWorker: true);
}
