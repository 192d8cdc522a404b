using System.Globalization;
using System.Net.Sockets;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Tests.Support;
using PluginHost.Rpc.Transport;
using Xunit;

namespace PluginHost.Rpc.Tests.Transport;

/// <summary>What the ring's shared words do: who is woken and when, that a count is looked at once, and how long anybody looks or holds the memory.</summary>
public sealed class RingWordTests : IDisposable
{
    private const int Bytes = 4096;
    private readonly RingPair _pair = new(Bytes);

    public RingWordTests() => _pair.Change();

    public void Dispose()
    {
        _pair.Host.Dispose();
        _pair.Worker.Dispose();
        _pair.Dispose();
    }

    [Fact]
    public async Task A_count_of_written_bytes_that_changes_all_the_time_never_gives_more_than_there_is()
    {
        _pair.Worker.TrySend(new byte[Bytes]);
        byte[] got = new byte[5000];
        Assert.Equal(Bytes, _pair.Host.Receive(got, 0));
        using CancellationTokenSource done = new();
        Task scribbling = ScribbleAsync(isToWorker: false, RingLayout.Written, Bytes, 1 << 20, done.Token);

        for (int i = 0; i < 20_000; i++)
        {
            try
            {
                Assert.Equal(RpcTransport.NothingYet, _pair.Host.Receive(got, 0));
            }
            catch (MalformedMessageException violation)
            {
                Assert.Equal(MessageFault.Protocol, violation.Fault);
            }
        }

        await done.CancelAsync();
        await scribbling;
    }

    [Fact]
    public async Task A_count_of_taken_bytes_that_changes_all_the_time_never_gives_more_room_than_there_is()
    {
        _pair.Host.TrySend(new byte[Bytes]);
        using CancellationTokenSource done = new();

        // One byte went through at the change; behind the ring for the host nothing is overwritten that the test needs.
        Task scribbling = ScribbleAsync(isToWorker: true, RingLayout.Taken, 1, Bytes + 5000, done.Token);

        for (int i = 0; i < 20_000; i++)
        {
            try
            {
                Assert.Equal(new SendAttempt(0, true), _pair.Host.TrySend(new byte[3000]));
            }
            catch (SocketException)
            {
                // The count was seen to be wrong.
            }
        }

        await done.CancelAsync();
        await scribbling;
    }

    [Fact]
    public void A_writer_that_waits_for_room_is_woken_when_half_of_the_ring_is_free_and_not_before()
    {
        _pair.Worker.TrySend(new byte[Bytes]);
        Flag(isToWorker: false, RingLayout.WriterSleeps) = 1;

        _pair.Host.Receive(new byte[(Bytes / 2) - 1], 0);
        Assert.Equal(1, Flag(isToWorker: false, RingLayout.WriterSleeps));
        _pair.Host.Receive(new byte[1], 0);

        Assert.Equal(0, Flag(isToWorker: false, RingLayout.WriterSleeps));
    }

    [Fact]
    public async Task A_reader_that_sleeps_asks_again_with_whatever_its_side_sends()
    {
        Task<int> reading = Task.Run(() => _pair.Host.Receive(new byte[1], Timeout.Infinite));

        // The peer takes the reader's wish away; else its answer would never be seen.
        await Until.True(() =>
        {
            Flag(isToWorker: false, RingLayout.ReaderSleeps) = 0;
            _pair.Host.TrySend([1]);
            return Flag(isToWorker: false, RingLayout.ReaderSleeps) == 1;
        });
        _pair.Worker.TrySend([7]);

        Assert.Equal(1, await Until.Ends(reading));
    }

    [Fact]
    public void What_is_in_the_ring_is_not_read_any_more_once_this_side_shut_down()
    {
        _pair.Worker.TrySend([1, 2, 3]);

        _pair.Host.ShutDown();

        Assert.Equal(0, _pair.Host.Receive(new byte[3], Timeout.Infinite));
    }

    [Fact]
    public unsafe void New_rings_have_readers_that_want_to_be_woken()
    {
        using SharedMemory memory = RingTransport.CreateMemory(Bytes);

        Assert.Equal(1, *(int*)(memory.Mapping.Start + RingLayout.Control(isToWorker: true) + RingLayout.ReaderSleeps));
        Assert.Equal(1, *(int*)(memory.Mapping.Start + RingLayout.Control(isToWorker: false) + RingLayout.ReaderSleeps));
    }

    [Fact]
    public async Task Looking_without_sleeping_ends_although_calls_are_pending()
    {
        _pair.Host.MaySpin = () => true;

        Assert.Equal(RpcTransport.NothingYet, await Until.Ends(Task.Run(() => _pair.Host.Receive(new byte[1], 20))));
    }

    [Fact]
    public void The_memory_lives_as_long_as_a_side_uses_it_and_no_longer()
    {
        string mapped = Mapped();

        _pair.Memory.Dispose();
        Assert.Contains(mapped, File.ReadLines("/proc/self/maps"));
        _pair.Host.Dispose();

        Assert.DoesNotContain(mapped, File.ReadLines("/proc/self/maps"));
    }

    [Fact]
    public async Task The_memory_is_not_taken_from_under_a_reader_that_waits()
    {
        string mapped = Mapped();
        Task<int> reading = Task.Run(() => _pair.Host.Receive(new byte[1], Timeout.Infinite));
        await Until.True(() => Flag(isToWorker: false, RingLayout.ReaderSleeps) == 1);
        _pair.Memory.Dispose();
        _pair.Host.Dispose();

        await Until.True(() => reading.IsCompleted);
        await Until.True(() => !File.ReadLines("/proc/self/maps").Contains(mapped));

        // A closed socket is an end or an error, whichever comes first.
        Assert.True(reading.IsFaulted || await reading == 0);
    }

    private unsafe string Mapped()
    {
        string start = ((nint)_pair.Memory.Mapping.Start).ToString("x", CultureInfo.InvariantCulture);
        return File.ReadLines("/proc/self/maps").Single(line => line.StartsWith(start + "-", StringComparison.Ordinal));
    }

    private Task ScribbleAsync(bool isToWorker, int word, long one, long other, CancellationToken until) => Task.Factory.StartNew(
        () =>
        {
            while (!until.IsCancellationRequested)
            {
                Volatile.Write(ref Count(isToWorker, word), other);
                Volatile.Write(ref Count(isToWorker, word), one);
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    private unsafe ref long Count(bool isToWorker, int word) => ref *(long*)(_pair.Memory.Mapping.Start + RingLayout.Control(isToWorker) + word);

    private unsafe ref int Flag(bool isToWorker, int word) => ref *(int*)(_pair.Memory.Mapping.Start + RingLayout.Control(isToWorker) + word);
}
