using System.Globalization;
using System.Text;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>Callers whose answers come together go on together, and stay strangers to each other.</summary>
public sealed class CompletionsTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public async Task A_caller_that_does_not_go_on_delays_none_of_those_behind_it(int blocking)
    {
        await using HeaderPeer peer = new();
        using CountdownEvent last = new(1);
        Task<bool>[] callers = [.. Enumerable.Range(0, blocking).Select(_ => GoOnAsync(Call(peer), () => last.Wait(s_patience)))];
        Task<bool> releasing = GoOnAsync(Call(peer), last.Signal);

        await AnswerTogether(peer, blocking + 1);

        Assert.All(await Until.Ends(Task.WhenAll([.. callers, releasing])), Assert.True);
    }

    [Fact]
    public async Task Those_left_when_the_connection_ends_still_get_their_answers()
    {
        await using HeaderPeer peer = new();
        using CountdownEvent last = new(1);
        Task<bool> first = GoOnAsync(Call(peer), () => last.Wait(s_patience));
        Task<bool> second = GoOnAsync(Call(peer), last.Signal);

        await AnswerTogether(peer, 2, "Garbage\r\n\r\n");

        Assert.Equal(RpcCloseKind.ProtocolViolation, (await peer.Closed()).Kind);
        Assert.True(await Until.Ends(first));
        Assert.True(await Until.Ends(second));
    }

    [Fact]
    public async Task What_a_caller_leaves_on_the_thread_the_next_one_does_not_find()
    {
        await using HeaderPeer peer = new();
        AsyncLocal<string?> ambient = new();
        TaskCompletionSource<(string?, SynchronizationContext?)> found = new(TaskCreationOptions.RunContinuationsAsynchronously);
        GoOn(Call(peer), () =>
        {
            ambient.Value = "left behind";
            SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
        });
        GoOn(Call(peer), () => found.SetResult((ambient.Value, SynchronizationContext.Current)));

        await AnswerTogether(peer, 2);

        Assert.Equal((null, null), await Until.Ends(found.Task));
    }

    [Fact]
    public async Task Callers_go_on_upon_the_thread_pool()
    {
        await using HeaderPeer peer = new();
        TaskCompletionSource<bool> isPools = new(TaskCreationOptions.RunContinuationsAsynchronously);
        GoOn(Call(peer), () => isPools.SetResult(Thread.CurrentThread.IsThreadPoolThread));

        await AnswerTogether(peer, 1);

        Assert.True(await Until.Ends(isPools.Task));
    }

    [Fact]
    public async Task What_they_ask_next_leaves_together()
    {
        await using HeaderPeer peer = new();
        Task<int>[] callers = [.. Enumerable.Range(0, 8).Select(_ => AskTwiceAsync(peer))];

        await AnswerTogether(peer, 8);
        int pieces = 0;
        byte[] piece = new byte[64 * 1024];
        for (int requests = 0; requests < 8; pieces++)
        {
            int count = await Until.Ends(peer.Socket.ReceiveAsync(piece));
            requests += Encoding.UTF8.GetString(piece, 0, count).Split("\"method\"").Length - 1;
        }

        // One, unless the machine holds up the thread that completes them.
        Assert.InRange(pieces, 1, 4);
        await peer.Connection.DisposeAsync();
        await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(Task.WhenAll(callers)));
    }

    [Fact]
    public async Task What_one_asked_does_not_wait_for_those_behind_him_to_ask()
    {
        await using HeaderPeer peer = new();
        using CountdownEvent arrived = new(1);
        ValueTask<RpcReply<int>> asked = default;
        TaskCompletionSource<bool> first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        GoOn(Call(peer), () =>
        {
            asked = Call(peer);
            first.SetResult(arrived.Wait(s_patience));
        });
        Task<bool> second = GoOnAsync(Call(peer), () => arrived.Wait(s_patience));

        await AnswerTogether(peer, 2);
        await AnswerTogether(peer, 1);
        arrived.Signal();

        Assert.True(await Until.Ends(first.Task));
        Assert.True(await Until.Ends(second));
        Assert.Equal(3, (await asked).Value);
    }

    [Theory]
    [InlineData(RpcCodec.Json)]
    [InlineData(RpcCodec.MessagePack)]
    public async Task A_caller_that_stops_is_not_waited_for_where_who_completes_also_reads(RpcCodec codec)
    {
        await using ConnectedPair pair = new(codec, ringBytes: 64 * 1024);
        using CountdownEvent others = new(3);
        Task<int>[] flows = [.. Enumerable.Range(0, 4).Select(i => FlowAsync(pair, 2000, i == 0 ? n => n != 1000 || others.Wait(s_patience) : n => n != 1999 || others.Signal() || true))];

        int[] made = await Until.Ends(Task.WhenAll(flows));

        Assert.All(made, m => Assert.Equal(2000, m));
    }

    private static async Task<int> FlowAsync(ConnectedPair pair, int calls, Func<int, bool> behind)
    {
        int made = 0;
        while (made < calls)
        {
            RpcReply<int> sum = await pair.Near.CallAsync<AddCall, int>(new AddCall(made, 1), s_patience, CancellationToken.None).ConfigureAwait(false);
            Assert.Equal(made + 1, sum.Value);
            Assert.True(behind(made));
            made++;
        }

        return made;
    }

    private static async Task<int> AskTwiceAsync(HeaderPeer peer)
    {
        int first = (await Call(peer).ConfigureAwait(false)).Value;
        return first + (await Call(peer).ConfigureAwait(false)).Value;
    }

    private static ValueTask<RpcReply<int>> Call(HeaderPeer peer) =>
        peer.Connection.CallAsync<AddCall, int>(new AddCall(1, 2), s_patience, CancellationToken.None);

    private static async Task<bool> GoOnAsync(ValueTask<RpcReply<int>> call, Func<bool> behind) => (await call.ConfigureAwait(false)).Value == 3 && behind();

    private static void GoOn(ValueTask<RpcReply<int>> call, Action behind) => call.GetAwaiter().UnsafeOnCompleted(behind);

    /// <summary>Answers the calls of a new connection, all in one piece.</summary>
    private static async Task AnswerTogether(HeaderPeer peer, int count, string behind = "")
    {
        StringBuilder answers = new();
        for (int i = 0; i < count; i++)
        {
            string request = await peer.ReceiveAsync();
            string id = request.Split("\"id\":")[1].Split(',')[0];
            string answer = $$"""{"jsonrpc":"2.0","id":{{id}},"result":3}""";
            answers.Append(CultureInfo.InvariantCulture, $"Content-Length: {answer.Length}\r\n\r\n{answer}");
        }

        peer.SendRaw(answers + behind);
    }
}
