using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Tests.Support;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Rpc.Tests.Leasing;

/// <summary>Peers that flood, exhaust and race.</summary>
public sealed class HostileLeaseTests
{
    [Fact]
    public async Task A_flood_of_reports_to_a_receiver_that_is_slow_closes_the_connection_and_keeps_little()
    {
        await using RawPeer peer = new(static o => o with { Leases = new LeaseOptions { MaxQueuedReports = 4, MaxDroppedReports = 1000 } });
        using ManualResetEventSlim hold = new();
        Reports<int> reports = new() { Each = _ => hold.Wait(LendingPair.Patience) };
        Task<RpcReply<int>> call = peer.Connection.CallAsync<WorkCall, int>(new WorkCall(reports), LendingPair.Patience, default).AsTask();
        await peer.ReceiveAsync();

        for (int report = 0; report < 1010; report++)
        {
            peer.Send($$"""{"jsonrpc":"2.0","method":"$/progress","params":{"token":1,"value":{{report}}} }""");
        }

        RpcCloseReason reason = await peer.Closed();
        hold.Set();
        await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(call));
        Assert.Equal(RpcCloseKind.LimitExceeded, reason.Kind);
        Assert.Contains("progress", reason.Detail, StringComparison.Ordinal);
        Assert.InRange(reports.All.Count, 0, 6);
    }

    [Fact]
    public async Task A_flood_of_reports_for_nobody_closes_the_connection()
    {
        await using RawPeer peer = new(static o => o with { Leases = new LeaseOptions { MaxDroppedReports = 100 } });

        for (int report = 0; report < 101; report++)
        {
            peer.Send("""{"jsonrpc":"2.0","method":"$/progress","params":["nobody",1]}""");
        }

        Assert.Equal(RpcCloseKind.LimitExceeded, (await peer.Closed()).Kind);
    }

    [Fact]
    public void Reports_that_come_slowly_are_never_too_many()
    {
        FloodGauge gauge = new(limit: 2, window: 10);

        bool[] tolerated = [gauge.Count(0), gauge.Count(5), gauge.Count(11), gauge.Count(12), gauge.Count(13)];

        Assert.Equal([true, true, true, true, false], tolerated);
        Assert.Equal(5, gauge.Total);
    }

    [Fact]
    public async Task A_peer_that_opens_sequences_without_end_gets_as_many_as_it_may()
    {
        await using RawPeer peer = new(static o => o with { Leases = new LeaseOptions { MaxTokens = 10 } }, new LendingDispatcher());
        int opened = 0;

        for (int id = 1; id <= 50; id++)
        {
            peer.Send($$"""{"jsonrpc":"2.0","id":{{id}},"method":"Lending.Items","params":[5]}""");
            opened += (await peer.ReceiveAsync()).Contains("\"result\"", StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.Equal(10, opened);
        Assert.Equal(10, peer.Connection.Leases.Sequences.Count);
    }

    [Fact]
    public async Task A_peer_that_hands_out_objects_without_end_is_refused_beyond_the_limit()
    {
        List<ICounter?> held = [];
        await using RawPeer peer = new(
            static o => o with { Leases = new LeaseOptions { MaxObjects = 10 } },
            new LendingDispatcher
            {
                Visit = counter =>
                {
                    held.Add(counter);
                    return Task.FromResult(0);
                },
            });
        int refused = 0;

        for (int id = 1; id <= 30; id++)
        {
            peer.Send($$"""{"jsonrpc":"2.0","id":{{id}},"method":"Lending.Visit","params":[{"__jsonrpc_marshaled":1,"handle":{{id}}}]}""");
            refused += (await peer.ReceiveAsync()).Contains("-32602", StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.Equal(20, refused);
        Assert.Equal(10, held.Count);
    }

    [Fact]
    public async Task A_second_step_while_one_waits_is_refused_and_the_first_goes_on()
    {
        WatchedNumbers watched = new();
        await using RawPeer peer = new(targets: new LendingDispatcher { Items = (_, token) => watched.OneThenWaits(token) });
        peer.Send("""{"jsonrpc":"2.0","id":1,"method":"Lending.Items","params":[1]}""");
        await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":2,"method":"$/enumerator/next","params":[1]}""");
        await peer.ReceiveAsync();

        peer.Send("""{"jsonrpc":"2.0","id":3,"method":"$/enumerator/next","params":[1]}""");
        await Until.True(() => peer.Connection.PendingInbound == 1);
        peer.Send("""{"jsonrpc":"2.0","id":4,"method":"$/enumerator/next","params":[1]}""");
        string second = await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","method":"$/enumerator/abort","params":[1]}""");
        string first = await peer.ReceiveAsync();

        // Which of both waits is the pool's choice; one is refused, and the abort ends the other.
        Assert.Contains("waiting for its answer", second, StringComparison.Ordinal);
        Assert.Contains("-32001", first, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_that_is_cancelled_leaves_the_sequence_to_the_next_step()
    {
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawPeer peer = new(targets: new LendingDispatcher { Items = (_, _) => Gated(gate.Task) });
        peer.Send("""{"jsonrpc":"2.0","id":1,"method":"Lending.Items","params":[1]}""");
        await peer.ReceiveAsync();

        peer.Send("""{"jsonrpc":"2.0","id":2,"method":"$/enumerator/next","params":[1]}""");
        await Until.True(() => peer.Connection.PendingInbound == 1);
        peer.Send("""{"jsonrpc":"2.0","method":"$/cancelRequest","params":[2]}""");
        string cancelled = await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":3,"method":"$/enumerator/next","params":[1]}""");
        gate.SetResult();
        string next = await peer.ReceiveAsync();

        Assert.Contains("-32800", cancelled, StringComparison.Ordinal);
        Assert.Contains("\"values\":[1", next, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Releases_and_calls_that_race_end_in_an_answer_each_and_in_no_object()
    {
        await using LendingPair pair = new(RpcCodec.MessagePack);

        for (int round = 0; round < 200; round++)
        {
            CounterProxy counter = await pair.Open(round);
            Task<int>[] calls = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() => counter.AddAsync(0, default).AsTask()))];
            Task disposed = Task.Run(counter.Dispose);
            await Until.Ends(disposed);
            foreach (Task<int> call in calls)
            {
                try
                {
                    Assert.Equal(round, await Until.Ends(call));
                }
                catch (Exception gone) when (gone is ObjectDisposedException or RpcReleasedException)
                {
                    Assert.True(disposed.IsCompleted);
                }
            }
        }

        await Until.True(() => pair.Far.Leases.Objects.Count == 0);
        Assert.Equal(0, pair.Near.Leases.RemoteObjects.Count);
    }

    [Fact]
    public async Task Aborts_and_steps_that_race_dispose_every_generator()
    {
        await using LendingPair pair = new(RpcCodec.MessagePack);
        int alive = 0;
        pair.Lending.Items = (_, token) => Counted(() => Interlocked.Increment(ref alive), () => Interlocked.Decrement(ref alive), token);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async worker =>
        {
            for (int round = 0; round < 50; round++)
            {
                int left = (worker + round) % 5;
                await foreach (int _ in await pair.Items(0))
                {
                    if (left-- == 0)
                    {
                        break;
                    }
                }
            }
        }));

        await Until.True(() => Volatile.Read(ref alive) == 0);
        Assert.Equal(0, pair.Far.Leases.Sequences.Count);
    }

    [Fact]
    public async Task A_sequence_that_nobody_asks_ends_after_its_time()
    {
        ManualTimeProvider clock = new();
        WatchedNumbers watched = new();
        await using RawPeer peer = new(
            o => o with { Clock = clock, Leases = new LeaseOptions { SequenceIdleTimeout = TimeSpan.FromMinutes(1) } },
            new LendingDispatcher { Items = (_, token) => watched.Endless(token) });
        peer.Send("""{"jsonrpc":"2.0","id":1,"method":"Lending.Items","params":[1]}""");
        await peer.ReceiveAsync();
        peer.Send("""{"jsonrpc":"2.0","id":2,"method":"$/enumerator/next","params":[1]}""");
        await peer.ReceiveAsync();

        clock.Advance(TimeSpan.FromSeconds(59));
        int before = peer.Connection.Leases.Sequences.Count;
        clock.Advance(TimeSpan.FromSeconds(31));

        await Until.Ends(watched.Disposed);
        Assert.Equal(1, before);
        Assert.Equal(0, peer.Connection.Leases.Sequences.Count);
    }

    [Fact]
    public async Task An_answer_that_comes_after_its_caller_left_gives_back_what_it_brings()
    {
        await using LendingPair pair = new(RpcCodec.Json);
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Lending.Open = value =>
        {
            entered.TrySetResult();
            gate.Task.GetAwaiter().GetResult();
            return new Counter(value);
        };
        using CancellationTokenSource cancelled = new();
        Task<ISession?> call = pair.Call<OpenCall, ISession?>(new OpenCall(1), cancelled.Token);
        await Until.Ends(entered.Task);

        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Until.Ends(call));
        gate.SetResult();

        await pair.Work(null);
        await Until.True(() => pair.Far.PendingInbound == 0 && pair.Far.Leases.Objects.Count == 0);
        Assert.Equal(0, pair.Near.Leases.RemoteObjects.Count);
    }

    [Fact]
    public async Task Sixty_four_calls_with_progress_at_once_keep_their_reports_apart()
    {
        await using LendingPair pair = new(RpcCodec.MessagePack);
        int caller = 0;
        pair.Lending.Work = async (progress, _) =>
        {
            int first = Interlocked.Add(ref caller, 1000);
            for (int report = 0; report < 50; report++)
            {
                progress!.Report(first + report);
                await Task.Yield();
            }

            return first;
        };
        Reports<int>[] all = [.. Enumerable.Range(0, 64).Select(static _ => new Reports<int>())];

        int[] firsts = await Until.Ends(Task.WhenAll(all.Select(reports => pair.Work(reports))));

        for (int call = 0; call < all.Length; call++)
        {
            Assert.Equal(Enumerable.Range(firsts[call], 50), all[call].All);
        }
    }

    private static async IAsyncEnumerable<int> Gated(Task gate)
    {
        await gate;
        yield return 1;
    }

    private static async IAsyncEnumerable<int> Counted(
        Action begin, Action end, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        begin();
        try
        {
            for (int number = 0; number < 1000; number++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return number;
                await Task.Yield();
            }
        }
        finally
        {
            end();
        }
    }
}
