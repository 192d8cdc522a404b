using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>Handlers on the reading thread: quick ones run there, and none holds up anything else.</summary>
public sealed class InlineDispatchTests : IAsyncDisposable
{
    private const string Reader = "the reader";
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);
    private readonly StageDispatcher _stage = new();
    private readonly StageDispatcher _hostStage = new();
    private readonly RpcConnection _host;
    private readonly RpcConnection _worker;

    public InlineDispatchTests()
    {
        (Socket a, Socket b) = SocketPair.Create();
        RpcOptions options = new() { Codec = RpcCodec.MessagePack };
        _host = new RpcConnection(a, options, [_hostStage], NullLogger.Instance);
        _worker = new RpcConnection(b, options with { Dispatch = RpcDispatch.Inline, ReaderThreadName = Reader }, [_stage], NullLogger.Instance);
        _host.Start();
        _worker.Start();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _worker.DisposeAsync();
    }

    [Fact]
    public async Task A_method_that_was_quick_runs_on_the_reading_thread()
    {
        await QuickIsKnownAsync();

        Assert.True(_stage.QuickThreads.ContainsKey(Reader));
    }

    [Fact]
    public async Task A_handler_that_blocks_the_reader_holds_up_no_other_call()
    {
        using ManualResetEventSlim gate = new();
        await ActIsKnownAsync();
        _stage.Act = (_, _) => gate.Wait(CancellationToken.None);
        Task<int> blocked = ActAsync(7);
        await Until.True(() => _stage.Begun.Contains(("Act", 7)));

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(i, await QuickAsync(i));
        }

        Assert.False(blocked.IsCompleted);
        gate.Set();
        Assert.Equal(7, await blocked);
    }

    [Fact]
    public async Task Sixty_four_blocked_handlers_hold_up_no_other_call()
    {
        using ManualResetEventSlim gate = new();
        await ActIsKnownAsync();
        _stage.Act = (_, _) => gate.Wait(CancellationToken.None);
        Task<int>[] blocked = [.. Enumerable.Range(0, 64).Select(ActAsync)];

        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(i, await QuickAsync(i));
        }

        await Until.True(() => _stage.Begun.Count(b => b.Method == "Act") >= 64);
        gate.Set();
        Assert.Equal(Enumerable.Range(0, 64), await Until.Ends(Task.WhenAll(blocked)));
    }

    [Fact]
    public async Task A_blocked_handler_is_cancelled()
    {
        await ActIsKnownAsync();
        using CancellationTokenSource cancellation = new();
        ConcurrentQueue<int> ended = new();
        _stage.Act = (key, token) =>
        {
            token.WaitHandle.WaitOne();
            ended.Enqueue(key);
        };
        Task<RpcReply<int>> call = _host.CallAsync<ActCall, int>(new ActCall(3), s_long, cancellation.Token).AsTask();
        await Until.True(() => _stage.Begun.Contains(("Act", 3)));

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Until.True(() => !ended.IsEmpty);
    }

    [Fact]
    public async Task A_connection_closes_while_a_handler_blocks_the_reader()
    {
        using ManualResetEventSlim gate = new();
        await ActIsKnownAsync();
        CancellationToken seen = default;
        _stage.Act = (_, token) =>
        {
            seen = token;
            gate.Wait(CancellationToken.None);
        };
        Task<int> blocked = ActAsync(1);
        await Until.True(() => _stage.Begun.Contains(("Act", 1)));

        await Until.Ends(_worker.DisposeAsync().AsTask());

        await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(blocked));
        await Until.True(() => seen.IsCancellationRequested);
        gate.Set();
    }

    [Fact]
    public async Task The_peers_end_is_noticed_while_a_handler_blocks_the_reader()
    {
        using ManualResetEventSlim gate = new();
        await ActIsKnownAsync();
        _stage.Act = (_, _) => gate.Wait(CancellationToken.None);
        Task<int> blocked = ActAsync(1);
        await Until.True(() => _stage.Begun.Contains(("Act", 1)));

        await _host.DisposeAsync();

        Assert.Equal(RpcCloseKind.PeerClosed, (await Until.Ends(_worker.Closed)).Kind);
        await Assert.ThrowsAsync<RpcConnectionLostException>(() => blocked);
        gate.Set();
    }

    [Fact]
    public async Task A_handler_calls_its_caller_back_and_blocks_for_the_answer()
    {
        await ActIsKnownAsync();
        int answer = 0;
        _stage.Act = (key, _) => answer = _worker.Call<QuickCall, int>(new QuickCall(key + 1), s_long, default).Value;

        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(i, await Until.Ends(ActAsync(i)));
            Assert.Equal(i + 1, answer);
        }
    }

    [Fact]
    public async Task A_slow_method_goes_to_other_threads_and_comes_back_when_it_is_quick_again()
    {
        await ActIsKnownAsync();
        string thread = "";
        _stage.Act = (_, _) => thread = Thread.CurrentThread.Name ?? "";
        await ActAsync(0);
        Assert.Equal(Reader, thread);

        using ManualResetEventSlim never = new();
        _stage.Act = (_, _) => never.Wait(5, CancellationToken.None);
        await ActAsync(1);
        _stage.Act = (_, _) => thread = Thread.CurrentThread.Name ?? "";
        await ActAsync(2);

        Assert.NotEqual(Reader, thread);
        int calls = 0;
        while (thread != Reader && calls < 100_000)
        {
            await ActAsync(calls++);
        }

        Assert.Equal(Reader, thread);
        Assert.True(calls >= 10, $"It was back after {calls} calls.");
    }

    [Fact]
    public async Task What_a_handler_leaves_on_its_thread_is_gone_for_the_next()
    {
        await ActIsKnownAsync();
        AsyncLocal<int> ambient = new();
        int seen = -1;
        _stage.Act = (key, _) =>
        {
            seen = ambient.Value + (SynchronizationContext.Current is null ? 0 : 100);
            ambient.Value = key;
            SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
        };

        for (int i = 1; i < 20; i++)
        {
            await ActAsync(i);
            Assert.Equal(0, seen);
        }
    }

    [Fact]
    public async Task A_notification_starts_before_a_request_sent_behind_it_and_notifications_stay_in_order()
    {
        await QuickIsKnownAsync();
        List<Task<int>> calls = [];
        for (int i = 0; i < 400; i++)
        {
            Assert.True(_host.Notify(new NoteCall(i)));
            calls.Add(QuickAsync(i));
        }

        await Until.Ends(Task.WhenAll(calls));

        int notes = 0;
        Dictionary<int, int> noteOf = [];
        foreach ((string method, int key) in _stage.Begun)
        {
            if (method == "Note")
            {
                Assert.Equal(notes++, key);
                noteOf[key] = notes;
            }
            else if (key >= 0)
            {
                Assert.True(noteOf.ContainsKey(key), $"Quick {key} began before the notification sent ahead of it.");
            }
        }
    }

    [Fact]
    public async Task Requests_start_in_the_order_they_came_in()
    {
        // A handler that the machine held up makes the next ones run on other threads, where two may overtake each other by an instant.
        do
        {
            await QuickIsKnownAsync();
            _stage.Begun.Clear();
            _stage.QuickThreads.Clear();
            await Until.Ends(Task.WhenAll(Enumerable.Range(0, 1000).Select(QuickAsync)));
        }
        while (_stage.QuickThreads.Keys.Any(name => name != Reader));

        int[] begun = [.. _stage.Begun.Where(b => b.Method == "Quick" && b.Key >= 0).Select(b => b.Key)];

        Assert.Equal(Enumerable.Range(0, 1000), begun);
    }

    [Fact]
    public async Task Twenty_thousand_mixed_calls_are_answered_once_each_while_readers_are_replaced()
    {
        await ActIsKnownAsync();
        await QuickIsKnownAsync();
        _stage.Begun.Clear();
        int acts = 0;
        _stage.Act = (key, token) =>
        {
            Interlocked.Increment(ref acts);
            if (key % 97 == 0)
            {
                token.WaitHandle.WaitOne(3);
            }
        };

        await Until.Ends(Task.WhenAll(Enumerable.Range(0, 16).Select(flow => Task.Run(async () =>
        {
            for (int i = 0; i < 1250; i++)
            {
                int key = (flow * 1250) + i;
                Assert.Equal(key, i % 5 == 0 ? await ActAsync(key) : await QuickAsync(key));
            }
        }))));

        Assert.Equal(20_000, _stage.Begun.Count);
        Assert.Equal(20_000, _stage.Begun.Distinct().Count());
        Assert.Equal(4_000, acts);
        Assert.Equal(0, _host.PendingOutbound);
        await Until.True(() => _worker.PendingInbound == 0);
    }

    [Fact]
    public async Task What_runs_and_what_waits_and_what_was_asked_to_stop_can_be_seen_at_any_time()
    {
        using ManualResetEventSlim gate = new();
        using CancellationTokenSource asked = new();
        _stage.Act = (_, _) => gate.Wait(CancellationToken.None);
        Task<int> blocked = ActAsync(1);
        Task<RpcReply<int>> cancelled = _host.CallAsync<ActCall, int>(new ActCall(2), s_long, asked.Token).AsTask();
        await Until.True(() => _stage.Begun.Count == 2);
        Assert.Equal(["Stage.Act", "Stage.Act"], _host.OutboundMethods());

        await asked.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await Until.True(() => _worker.RunningInbound(10).Count(c => c.AskedToStop is not null) == 1);
        long heard = _host.ReceivedMessages;

        Assert.All(_worker.RunningInbound(10), c => Assert.True(c is { Method: "Stage.Act", HasBegun: true }));
        Assert.Equal(2, _worker.RunningInbound(10).Count);
        Assert.Single(_worker.RunningInbound(1));
        Assert.Equal((1, 2), (_host.PendingOutbound, _host.UnansweredOutbound));
        Assert.Equal(["Stage.Act"], _host.OutboundMethods());

        gate.Set();
        await blocked;
        await Until.True(() => _host.UnansweredOutbound == 0);
        Assert.Empty(_worker.RunningInbound(10));
        await Until.True(() => _host.ReceivedMessages == heard + 2);
    }

    private async Task<int> QuickAsync(int key) => (await _host.CallAsync<QuickCall, int>(new QuickCall(key), s_long, default)).Value;

    private async Task<int> ActAsync(int key) => (await _host.CallAsync<ActCall, int>(new ActCall(key), s_long, default)).Value;

    private async Task QuickIsKnownAsync()
    {
        _stage.QuickThreads.Clear();
        await Until.True(() => QuickAsync(-1).GetAwaiter().GetResult() == -1 && _stage.QuickThreads.ContainsKey(Reader));
    }

    private async Task ActIsKnownAsync()
    {
        string thread = "";
        _stage.Act = (_, _) => thread = Thread.CurrentThread.Name ?? "";
        while (thread != Reader)
        {
            await ActAsync(-1);
        }
    }
}
