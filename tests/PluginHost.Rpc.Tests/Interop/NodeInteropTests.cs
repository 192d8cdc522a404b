using System.Text.Json;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using PluginHost.Rpc.Tests.Vectors;
using Xunit;

namespace PluginHost.Rpc.Tests.Interop;

/// <summary>A real peer: npm's vscode-jsonrpc in a Node process, over standard input and output, calling and called.</summary>
public sealed class NodeInteropTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task It_takes_our_calls_by_position_and_by_name()
    {
        await using NodePeer node = NodePeer.Start();

        Assert.Equal("7", await node.CallAsync<Add>(3, 4));
        Assert.Equal("7", await node.CallAsync<AddNamed>(("a", (object)3), ("b", (object)4)));
        Assert.Equal("null", await node.CallAsync<Echo>([null]));
        Assert.Equal("null", await node.CallAsync<Nothing>());
        Assert.Equal(Meaning.Spell("é😀\0\""), await node.CallAsync<Echo>("é😀\0\""));
    }

    [Fact]
    public async Task It_takes_our_cancellation()
    {
        await using NodePeer node = NodePeer.Start();
        using CancellationTokenSource source = new();
        Task<RpcReply<string>> call = node.Connection.CallAsync<AnyCall<Wait>, string>(new AnyCall<Wait>(5), s_long, source.Token).AsTask();
        await node.CallAsync<Add>(1, 1);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Until.Ends(call));
        Assert.Equal("[5,]", await node.CallAsync<Cancelled>());
        Assert.Equal(0, node.Connection.PendingOutbound);
    }

    [Fact]
    public async Task It_hears_nothing_of_a_call_that_was_cancelled_before()
    {
        await using NodePeer node = NodePeer.Start();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await node.Connection.CallAsync<AnyCall<Wait>, string>(new AnyCall<Wait>(6), s_long, new CancellationToken(canceled: true)));

        Assert.Equal("[]", await node.CallAsync<Cancelled>());
    }

    [Fact]
    public async Task Its_errors_come_with_their_codes()
    {
        await using NodePeer node = NodePeer.Start();

        RpcErrorException thrown = await Assert.ThrowsAsync<RpcErrorException>(() => node.CallAsync<ThrowError>());
        RpcErrorException custom = await Assert.ThrowsAsync<RpcErrorException>(() => node.CallAsync<ThrowResponseError>());
        RpcErrorException unknown = await Assert.ThrowsAsync<RpcErrorException>(() => node.CallAsync<Nope>(1));
        RpcErrorException shape = await Assert.ThrowsAsync<RpcErrorException>(() => node.CallAsync<AddNamed>(1, 2));

        Assert.Equal((-32603, "Request throwError failed with message: boom"), (thrown.Code, thrown.ErrorMessage));
        Assert.Equal((-32050, "custom"), (custom.Code, custom.ErrorMessage));
        Assert.Equal(-32601, unknown.Code);
        Assert.Equal(-32602, shape.Code);
        Assert.Equal("2", await node.CallAsync<Add>(1, 1));
    }

    [Fact]
    public async Task Answers_find_their_calls_in_any_order()
    {
        await using NodePeer node = NodePeer.Start();

        string[] answers = await Task.WhenAll(node.CallAsync<Later>("a", 60), node.CallAsync<Later>("b", 1), node.CallAsync<Later>("c", 30));

        Assert.Equal(["\"a\"", "\"b\"", "\"c\""], answers);
    }

    [Fact]
    public async Task It_takes_ten_thousand_notifications_in_order()
    {
        await using NodePeer node = NodePeer.Start();

        for (int i = 0; i < 10_000; i++)
        {
            Assert.True(node.Connection.Notify(new AnyNotice<Tell>(i)));
        }

        Assert.True(node.Connection.Notify(new AnyNotice<Nope>(1)));
        Assert.Equal($"[{string.Concat(Enumerable.Range(0, 10_000).Select(i => $"{i},"))}]", await node.CallAsync<Told>());
    }

    [Fact]
    public async Task A_megabyte_goes_and_comes()
    {
        await using NodePeer node = NodePeer.Start();
        string text = string.Concat(Enumerable.Repeat("é😀x", 150_000));

        Assert.Equal(Meaning.Spell(text), await node.CallAsync<Echo>(text));
    }

    [Fact]
    public async Task Its_end_in_the_middle_of_a_call_ends_the_call()
    {
        await using NodePeer node = NodePeer.Start();
        Assert.Equal("2", await node.CallAsync<Add>(1, 1));
        Task<string> waiting = node.CallAsync<Wait>(1);

        RpcConnectionLostException died = await Assert.ThrowsAsync<RpcConnectionLostException>(() => node.CallAsync<Die>());

        Assert.Equal(RpcCloseKind.PeerClosed, died.Reason.Kind);
        Assert.True((await Assert.ThrowsAsync<RpcConnectionLostException>(() => waiting)).WasSent);
    }

    [Fact]
    public async Task What_it_prints_before_its_first_message_is_shown()
    {
        await using NodePeer node = NodePeer.Start(argument: "garbage");

        RpcCloseReason reason = await Until.Ends(node.Connection.Closed);

        Assert.Equal(RpcCloseKind.ProtocolViolation, reason.Kind);
        Assert.Contains("Debugger listening on a port", reason.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("position", """{"value":7}""")]
    [InlineData("name", """{"value":7}""")]
    [InlineData("noArguments", """{"value":0}""")]
    [InlineData("pipelined", """[{"value":11},{"value":12},{"value":13}]""")]
    [InlineData("cancel", """{"code":-32800,"message":"The call was cancelled."}""")]
    [InlineData("unknown", """{"code":-32601,"message":"No method has the name 'Probe.Nope'."}""")]
    [InlineData("fails", """{"code":-32000,"message":"It broke."}""")]
    [InlineData("declared", """{"code":1,"message":"There is no 'the key'."}""")]
    [InlineData("large", """{"value":true}""")]
    public async Task Its_calls_are_answered(string scenario, string expected)
    {
        ProbeDispatcher probe = new();
        if (scenario == "cancel")
        {
            // It cancels when its call behind the waiting one is answered: by then that one has to be inside.
            probe.Adding = () => Assert.True(probe.Entered(1).Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        }

        await using NodePeer node = NodePeer.Start(targets: probe);

        Assert.Equal(expected, await RunAsync(node, scenario));
    }

    [Fact]
    public async Task Its_call_that_was_cancelled_before_is_never_run_or_stopped_at_once()
    {
        ProbeDispatcher probe = new();
        await using NodePeer node = NodePeer.Start(targets: probe);

        Assert.StartsWith("""{"code":-32800,""", await RunAsync(node, "preCancelled"), StringComparison.Ordinal);

        await Until.True(() => node.Connection.PendingInbound == 0);
    }

    [Fact]
    public async Task Its_bad_arguments_are_told_without_our_stack()
    {
        await using NodePeer node = NodePeer.Start(targets: new ProbeDispatcher());

        string answer = await RunAsync(node, "badArguments");

        Assert.StartsWith("""{"code":-32602,"message":"Offset""", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(" at ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_ten_thousand_notifications_come_in_order()
    {
        ProbeDispatcher probe = new();
        await using NodePeer node = NodePeer.Start(o => o with { MaxPendingInbound = 20_000 }, targets: probe);

        Assert.Equal("""{"value":2}""", await RunAsync(node, "notifications"));

        await Until.True(() => probe.Told.Count == 10_000);
        Assert.Equal(Enumerable.Range(0, 10_000), probe.Told);
    }

    private static async Task<string> RunAsync(NodePeer node, string scenario) =>
        JsonSerializer.Deserialize<string>(await node.CallAsync<Run>(scenario))!;

    private sealed class Add : IWireName { public static ContractMethod Method { get; } = new(0, "add", "add"); }

    private sealed class AddNamed : IWireName { public static ContractMethod Method { get; } = new(0, "addNamed", "addNamed"); }

    private sealed class Echo : IWireName { public static ContractMethod Method { get; } = new(0, "echo", "echo"); }

    private sealed class Nothing : IWireName { public static ContractMethod Method { get; } = new(0, "nothing", "nothing"); }

    private sealed class Wait : IWireName { public static ContractMethod Method { get; } = new(0, "wait", "wait"); }

    private sealed class Cancelled : IWireName { public static ContractMethod Method { get; } = new(0, "cancelled", "cancelled"); }

    private sealed class ThrowError : IWireName { public static ContractMethod Method { get; } = new(0, "throwError", "throwError"); }

    private sealed class ThrowResponseError : IWireName { public static ContractMethod Method { get; } = new(0, "throwResponseError", "throwResponseError"); }

    private sealed class Nope : IWireName { public static ContractMethod Method { get; } = new(0, "nope", "nope"); }

    private sealed class Later : IWireName { public static ContractMethod Method { get; } = new(0, "later", "later"); }

    private sealed class Tell : IWireName { public static ContractMethod Method { get; } = new(0, "tell", "tell"); }

    private sealed class Told : IWireName { public static ContractMethod Method { get; } = new(0, "told", "told"); }

    private sealed class Die : IWireName { public static ContractMethod Method { get; } = new(0, "die", "die"); }

    private sealed class Run : IWireName { public static ContractMethod Method { get; } = new(0, "run", "run"); }
}
