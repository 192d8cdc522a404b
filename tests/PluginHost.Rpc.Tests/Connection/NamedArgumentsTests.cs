using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>Arguments by name, to a peer that asked for them.</summary>
public sealed class NamedArgumentsTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Arguments_go_out_by_name_from_the_choice_on()
    {
        await using HeaderPeer peer = new();
        string before = await SentAsync<AddCall, int>(peer, new AddCall(1, 2));

        peer.Connection.UseNamedArguments();

        Assert.EndsWith("""
            "params":[1,2]}
            """, before, StringComparison.Ordinal);
        Assert.EndsWith("""
            "method":"Probe.Add","params":{"a":1,"b":2}}
            """, await SentAsync<AddCall, int>(peer, new AddCall(1, 2)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("},\"b\":[1,2")]
    [InlineData("é\0\\\"]")]
    public async Task A_value_is_kept_byte_by_byte(string text)
    {
        await using HeaderPeer peer = new();
        string positional = await SentAsync<EchoCall, string?>(peer, new EchoCall(text));
        peer.Connection.UseNamedArguments();

        string named = await SentAsync<EchoCall, string?>(peer, new EchoCall(text));

        string value = positional[(positional.IndexOf("\"params\":[", StringComparison.Ordinal) + "\"params\":[".Length)..^"]}".Length];
        Assert.EndsWith($"\"params\":{{\"text\":{value}}}}}", named, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_notification_goes_by_name_too()
    {
        await using HeaderPeer peer = new();
        peer.Connection.UseNamedArguments();

        peer.Connection.Notify(new TellCall(5));

        Assert.Equal("""{"jsonrpc":"2.0","method":"Probe.Tell","params":{"größe":5}}""", await peer.ReceiveAsync());
    }

    [Fact]
    public async Task A_method_whose_parameters_have_no_known_names_stays_by_position_and_one_without_parameters_gets_an_empty_object()
    {
        await using HeaderPeer peer = new();
        peer.Connection.UseNamedArguments();

        Assert.EndsWith("\"params\":[7]}", await SentAsync<WaitCall, int>(peer, new WaitCall(7)), StringComparison.Ordinal);
        Assert.EndsWith("\"params\":{}}", await SentAsync<UnknownCall, int>(peer, default), StringComparison.Ordinal);
    }

    private static async Task<string> SentAsync<TCall, TResult>(HeaderPeer peer, TCall call)
        where TCall : struct, ICall<TResult>
    {
        Task<RpcReply<TResult>> pending = peer.Connection.CallAsync<TCall, TResult>(call, s_long, default).AsTask();
        string message = await peer.ReceiveAsync();
        peer.Send($"{{\"jsonrpc\":\"2.0\",\"id\":{message.Split("\"id\":")[1].Split(',')[0]},\"error\":{{\"code\":1,\"message\":\"\"}}}}");
        await Assert.ThrowsAsync<RpcErrorException>(() => Until.Ends(pending));
        return message;
    }
}
