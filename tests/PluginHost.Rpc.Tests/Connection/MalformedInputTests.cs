using System.Net.Sockets;
using System.Text.Json;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>The table of malformed input, row by row, over a real connection in header framing: what we do with it.</summary>
public sealed class MalformedInputTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    // Rows: invalid JSON; root null, number, array; {} and only an id; comments, trailing comma, trailing garbage; BOM; id boolean, object, array; depth outside params.
    [Theory]
    [InlineData("""{"jsonrpc":"2.0",""", RpcCloseKind.ParseError)]
    [InlineData("garbage", RpcCloseKind.ParseError)]
    [InlineData("null", RpcCloseKind.ProtocolViolation)]
    [InlineData("12", RpcCloseKind.ProtocolViolation)]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":[1,2]}]""", RpcCloseKind.ProtocolViolation)]
    [InlineData("[]", RpcCloseKind.ProtocolViolation)]
    [InlineData("{}", RpcCloseKind.ProtocolViolation)]
    [InlineData("""{"jsonrpc":"2.0","id":5}""", RpcCloseKind.ProtocolViolation)]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":"Probe.Add",/* why */"params":[1,2]}""", RpcCloseKind.ParseError)]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":"Probe.Add","params":[1,2],}""", RpcCloseKind.ParseError)]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":"Probe.Add","params":[1,2,]}""", RpcCloseKind.ParseError)]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":"Probe.Add","params":[1,2]} x""", RpcCloseKind.ParseError)]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":"Probe.Add","params":[1,2]}{}""", RpcCloseKind.ParseError)]
    [InlineData("\uFEFF{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"Probe.Add\",\"params\":[1,2]}", RpcCloseKind.ParseError)]
    [InlineData("""{"jsonrpc":"2.0","id":true,"method":"Probe.Add","params":[1,2]}""", RpcCloseKind.ProtocolViolation)]
    [InlineData("""{"jsonrpc":"2.0","id":{},"method":"Probe.Add","params":[1,2]}""", RpcCloseKind.ProtocolViolation)]
    [InlineData("""{"jsonrpc":"2.0","id":[1],"method":"Probe.Add","params":[1,2]}""", RpcCloseKind.ProtocolViolation)]
    [InlineData("""{"jsonrpc":"2.0","method":5}""", RpcCloseKind.ProtocolViolation)]
    [InlineData("""{"jsonrpc":"2.0","method":null}""", RpcCloseKind.ProtocolViolation)]
    [InlineData("{'jsonrpc':'2.0','method':'x'}", RpcCloseKind.ParseError)]
    public async Task What_is_no_message_ends_the_connection(string message, RpcCloseKind expected)
    {
        await using HeaderPeer peer = new();

        peer.Send(message);

        Assert.Equal(expected, (await peer.Closed()).Kind);
    }

    // Rows: Content-Length 0, negative, 2147483647, missing; LF-only header; and the forms of F1-F12 that are refused.
    [Theory]
    [InlineData("Content-Length: 0\r\n\r\n", RpcCloseKind.ProtocolViolation, "0 bytes")]
    [InlineData("Content-Length: -5\r\n\r\n", RpcCloseKind.ProtocolViolation, "no number")]
    [InlineData("Content-Length: 2147483647\r\n\r\n", RpcCloseKind.LimitExceeded, "2147483647")]
    [InlineData("Content-Length: 99999999999\r\n\r\n", RpcCloseKind.LimitExceeded, "99999999999")]
    [InlineData("Content-Length: +2\r\n\r\n{}", RpcCloseKind.ProtocolViolation, "no number")]
    [InlineData("Content-Length: 54abc\r\n\r\n", RpcCloseKind.ProtocolViolation, "no number")]
    [InlineData("Content-Length: 0x10\r\n\r\n", RpcCloseKind.ProtocolViolation, "no number")]
    [InlineData("Content-Length:\r\n\r\n", RpcCloseKind.ProtocolViolation, "no number")]
    [InlineData("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", RpcCloseKind.ProtocolViolation, "two lengths")]
    [InlineData("X: y\r\n\r\n", RpcCloseKind.ProtocolViolation, "no Content-Length")]
    [InlineData("\r\n\r\n", RpcCloseKind.ProtocolViolation, "no Content-Length")]
    [InlineData("garbage\r\n\r\n", RpcCloseKind.ProtocolViolation, "garbage")]
    [InlineData("Content-Length: 2\n\n{}", RpcCloseKind.ProtocolViolation, "carriage return")]
    [InlineData("Content-Length: 2\r\nContent-Type: text; charset=utf-16\r\n\r\n{}", RpcCloseKind.ProtocolViolation, "utf-16")]
    [InlineData("Listening on port 5000\r\nContent-Length: 2\r\n\r\n{}", RpcCloseKind.ProtocolViolation, "Listening on port 5000")]
    public async Task A_header_that_cannot_be_trusted_ends_the_connection(string stream, RpcCloseKind expected, string text)
    {
        await using HeaderPeer peer = new();

        peer.SendRaw(stream);

        RpcCloseReason reason = await peer.Closed();
        Assert.Equal(expected, reason.Kind);
        Assert.Contains(text, reason.Detail, StringComparison.Ordinal);
    }

    // Rows: jsonrpc missing or 1.0; params null, absent, scalar; every id that is echoed; method number and null; duplicate keys; padded lengths; header names.
    [Theory]
    [InlineData("""{"id":1,"method":"Probe.Add","params":[1,2]}""", """{"jsonrpc":"2.0","id":1,"result":3}""")]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"Probe.Add","params":[1,2]}""", """{"jsonrpc":"2.0","id":1,"result":3}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":null}""", """{"jsonrpc":"2.0","id":1,"result":0}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"Probe.Add"}""", """{"jsonrpc":"2.0","id":1,"result":0}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":7}""", """{"jsonrpc":"2.0","id":1,"error":{"code":-32602,""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":"x"}""", """{"jsonrpc":"2.0","id":1,"error":{"code":-32602,""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":true}""", """{"jsonrpc":"2.0","id":1,"error":{"code":-32602,""")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"Probe.Add","params":[1,2]}""", """{"jsonrpc":"2.0","id":null,"result":3}""")]
    [InlineData("""{"jsonrpc":"2.0","id":0,"method":"Probe.Add","params":[1,2]}""", """{"jsonrpc":"2.0","id":0,"result":3}""")]
    [InlineData("""{"jsonrpc":"2.0","id":-1,"method":"Probe.Add","params":[1,2]}""", """{"jsonrpc":"2.0","id":-1,"result":3}""")]
    [InlineData("""{"jsonrpc":"2.0","id":9007199254740991,"method":"Probe.Add","params":[1,2]}""", """{"jsonrpc":"2.0","id":9007199254740991,"result":3}""")]
    [InlineData("""{"jsonrpc":"2.0","id":9007199254740993,"method":"Probe.Add","params":[1,2]}""", """{"jsonrpc":"2.0","id":9007199254740993,"result":3}""")]
    [InlineData("""{"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"Probe.Add","params":[1,2]}""", """{"jsonrpc":"2.0","id":123456789012345678901234567890,"result":3}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1.5,"method":"Probe.Add","params":[1,2]}""", """{"jsonrpc":"2.0","id":1.5,"result":3}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1e3,"method":"Probe.Add","params":[1,2]}""", """{"jsonrpc":"2.0","id":1e3,"result":3}""")]
    [InlineData("""{"jsonrpc":"2.0","id":"s1","method":"Probe.Add","params":[1,2]}""", """{"jsonrpc":"2.0","id":"s1","result":3}""")]
    [InlineData("""{"jsonrpc":"2.0","id":"","method":"Probe.Add","params":[1,2]}""", """{"jsonrpc":"2.0","id":"","result":3}""")]
    [InlineData("""{"jsonrpc":"2.0","id":"\u00e9\"\\","method":"Probe.Add","params":[1,2]}""", """{"jsonrpc":"2.0","id":"\u00e9\"\\","result":3}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":5}""", """{"jsonrpc":"2.0","id":1,"error":{"code":-32600,""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":null}""", """{"jsonrpc":"2.0","id":1,"error":{"code":-32600,""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"id":2,"method":"Probe.Add","params":[1],"params":[3,4]}""", """{"jsonrpc":"2.0","id":2,"result":7}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"no.such"}""", """{"jsonrpc":"2.0","id":1,"error":{"code":-32601,""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"probe.add","params":[1,2]}""", """{"jsonrpc":"2.0","id":1,"error":{"code":-32601,""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}""", """{"jsonrpc":"2.0","id":1,"error":{"code":-32601,""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"$/unknown/thing"}""", """{"jsonrpc":"2.0","id":1,"error":{"code":-32601,""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ToString"}""", """{"jsonrpc":"2.0","id":1,"error":{"code":-32601,""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":[1,2],"extra":{"id":9,"method":"x","params":[[{}]]},"joinableTaskToken":"t"}""", """{"jsonrpc":"2.0","id":1,"result":3}""")]
    [InlineData(" \t\r\n{ \"jsonrpc\" : \"2.0\" , \"id\" : 1 , \"method\" : \"Probe.Add\" , \"params\" : [ 1 , 2 ] } \r\n", """{"jsonrpc":"2.0","id":1,"result":3}""")]
    public async Task Every_other_spelling_of_a_request_is_answered(string message, string expected)
    {
        await using HeaderPeer peer = new();

        peer.Send(message);

        Assert.StartsWith(expected, await peer.ReceiveAsync(), StringComparison.Ordinal);
        await peer.AssertLives();
    }

    [Theory]
    [InlineData("Content-Length: 00000059\r\n\r\n")]
    [InlineData("Content-Length:   59  \r\n\r\n")]
    [InlineData("Content-Length:59\r\n\r\n")]
    [InlineData("content-length: 59\r\n\r\n")]
    [InlineData("CONTENT-LENGTH: 59\r\nX-Extra: a: b\r\n\r\n")]
    [InlineData("Content-Length: 59\r\nContent-Length: 59\r\n\r\n")]
    [InlineData("Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 59\r\n\r\n")]
    [InlineData("Content-Length: 59\r\nContent-Type: application/vscode-jsonrpc; charset=utf8\r\n\r\n")]
    [InlineData("Content-Length: 59\r\ncontent-type: application/x; charset=\"UTF-8\"; x=y\r\n\r\n")]
    [InlineData("Content-Length: 59\r\nContent-Type: application/json\r\n\r\n")]
    public async Task Every_other_spelling_of_a_header_is_taken(string header)
    {
        await using HeaderPeer peer = new();

        peer.SendRaw(header + """{"jsonrpc":"2.0","id":2,"method":"Probe.Add","params":[3]}""".PadRight(59));

        Assert.Equal("""{"jsonrpc":"2.0","id":2,"result":3}""", await peer.ReceiveAsync());
    }

    [Fact]
    public async Task A_peer_that_must_say_the_version_and_does_not_is_cut_off()
    {
        await using HeaderPeer peer = new(o => o with { RequiresVersion = true });
        await peer.AssertLives();

        peer.Send("""{"jsonrpc":"1.0","id":1,"method":"Probe.Add","params":[1,2]}""");

        RpcCloseReason reason = await peer.Closed();
        Assert.Equal(RpcCloseKind.ProtocolViolation, reason.Kind);
        Assert.Contains("jsonrpc", reason.Detail, StringComparison.Ordinal);
    }

    // Rows: invalid JSON, and the option to say so; batch, and the option to answer it; and what else is no request.
    [Theory]
    [InlineData("""{"jsonrpc":"2.0",""", -32700, RpcCloseKind.ParseError)]
    [InlineData("garbage", -32700, RpcCloseKind.ParseError)]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":[1,2]}]""", -32600, RpcCloseKind.ProtocolViolation)]
    [InlineData("12", -32600, RpcCloseKind.ProtocolViolation)]
    [InlineData("{}", -32600, RpcCloseKind.ProtocolViolation)]
    [InlineData("""{"jsonrpc":"2.0","method":5}""", -32600, RpcCloseKind.ProtocolViolation)]
    [InlineData("""{"jsonrpc":"2.0","id":true,"method":"Probe.Add"}""", -32600, RpcCloseKind.ProtocolViolation)]
    public async Task A_peer_that_wants_to_know_is_told_before_the_connection_ends(string message, int code, RpcCloseKind expected)
    {
        await using HeaderPeer peer = new(o => o with { AnswersMalformed = true });

        peer.Send(message);

        RpcCloseReason reason = await peer.Closed();
        string answer = await peer.ReceiveAsync();
        Assert.Equal(expected, reason.Kind);
        Assert.StartsWith($$"""{"jsonrpc":"2.0","id":null,"error":{"code":{{code}},"message":""", answer, StringComparison.Ordinal);
        Assert.Equal(reason.Detail, JsonDocument.Parse(answer).RootElement.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal(0, peer.Socket.Receive(new byte[1]));
    }

    [Theory]
    [InlineData("garbage", false)]
    [InlineData("[]", false)]
    [InlineData("Content-Length: x\r\n\r\n", true)]
    public async Task Nobody_is_told_who_does_not_want_to_know_and_nothing_is_said_of_broken_frames(string stream, bool wantsToKnow)
    {
        await using HeaderPeer peer = new(o => o with { AnswersMalformed = wantsToKnow });

        peer.SendRaw(wantsToKnow ? stream : $"Content-Length: {stream.Length}\r\n\r\n{stream}");

        await peer.Closed();
        Assert.Equal(0, peer.Socket.Receive(new byte[1]));
    }

    [Fact]
    public async Task A_peer_that_must_send_utf8_and_does_not_is_cut_off()
    {
        await using HeaderPeer peer = new(o => o with { RequiresUtf8 = true });
        peer.Send("""{"jsonrpc":"2.0","id":1,"method":"Probe.Echo","params":["é\ud800"]}""");
        Assert.Equal("""{"jsonrpc":"2.0","id":1,"result":"é�"}""".Replace("\\uFFFD", "\uFFFD", StringComparison.Ordinal), await peer.ReceiveAsync());

        peer.Send([.. """{"jsonrpc":"2.0","id":1,"method":"Probe.Echo","params":["a"""u8, 0xc3, .. """z"]}"""u8]);

        RpcCloseReason reason = await peer.Closed();
        Assert.Equal(RpcCloseKind.ParseError, reason.Kind);
        Assert.Contains("not UTF-8", reason.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 0xff, 0xfe }, "\uFFFD\uFFFD")]
    [InlineData(new byte[] { 0xc3 }, "\uFFFD")]
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 }, "\uFFFD\uFFFD\uFFFD")]
    public async Task Bytes_that_are_no_text_become_replacement_characters(byte[] bytes, string expected)
    {
        await using HeaderPeer peer = new();

        peer.Send([.. """{"jsonrpc":"2.0","id":1,"method":"Probe.Echo","params":["a"""u8, .. bytes, .. """z"]}"""u8]);

        Assert.Equal($$"""{"jsonrpc":"2.0","id":1,"result":"a{{expected}}z"}""", await peer.ReceiveAsync());
        await peer.AssertLives();
    }

    [Theory]
    [InlineData("""\ud800""", "\uFFFD")]
    [InlineData("""\udc00x""", "\uFFFDx")]
    [InlineData("""\ud83d\ude00""", "😀")]
    public async Task Half_a_pair_of_characters_becomes_a_replacement_character(string escape, string expected)
    {
        await using HeaderPeer peer = new();

        peer.Send($$"""{"jsonrpc":"2.0","id":1,"method":"Probe.Echo","params":["{{escape}}"]}""");

        Assert.Equal($$"""{"jsonrpc":"2.0","id":1,"result":"{{expected}}"}""", await peer.ReceiveAsync());
    }

    [Fact]
    public async Task Depth_inside_the_arguments_fails_that_call()
    {
        await using HeaderPeer peer = new();

        peer.Send($$"""{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":{{new string('[', 70)}}{{new string(']', 70)}}}""");

        Assert.StartsWith("""{"jsonrpc":"2.0","id":1,"error":{"code":-32602,""", await peer.ReceiveAsync(), StringComparison.Ordinal);
        await peer.AssertLives();
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":[1,2],"x":DEEP}""", 70)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":DEEP}""", 65)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":DEEP}""", 70)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":DEEP}""", 70)]
    public async Task Depth_anywhere_else_ends_the_connection(string message, int depth)
    {
        await using HeaderPeer peer = new();

        peer.Send(message.Replace("DEEP", new string('[', depth) + new string(']', depth), StringComparison.Ordinal));

        RpcCloseReason reason = await peer.Closed();
        Assert.Equal(RpcCloseKind.LimitExceeded, reason.Kind);
        Assert.Contains("64 levels", reason.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sixty_four_levels_are_no_fault_anywhere()
    {
        await using HeaderPeer peer = new();
        string deep = new string('[', 63) + "{\"a\":1}" + new string(']', 63);

        peer.Send($$"""{"jsonrpc":"2.0","x":{{deep}},"id":1,"method":"Probe.Add","params":[1,2]}""");

        Assert.Equal("""{"jsonrpc":"2.0","id":1,"result":3}""", await peer.ReceiveAsync());
    }

    // Rows: unsolicited response; error with id null; response without id.
    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":555,"result":1}""", "which no call has; 1 so far")]
    [InlineData("""{"jsonrpc":"2.0","id":"0","result":1}""", "which no call has; 1 so far")]
    [InlineData("""{"jsonrpc":"2.0","result":1}""", "which no call has; 1 so far")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}""", "Parse error (code -32700); 1 answers")]
    [InlineData("""{"jsonrpc":"2.0","error":{"code":-32700,"message":"What?"}}""", "What? (code -32700); 1 answers")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"error":7}""", "(code 0); 1 answers")]
    public async Task An_answer_to_nothing_is_counted_and_told(string message, string expected)
    {
        ListLogger logger = new();
        await using HeaderPeer peer = new(logger: logger);

        peer.Send(message);

        await peer.AssertLives();
        Assert.Contains(logger.Events, e => e.Message.Contains(expected, StringComparison.Ordinal));
    }

    // Rows: result null and error; result and error null; error lacking code or message; and errors of other shapes.
    [Theory]
    [InlineData("\"result\":null,\"error\":{\"code\":-5,\"message\":\"both\"}", -5, "both")]
    [InlineData("\"error\":{\"message\":\"no code\"}", 0, "no code")]
    [InlineData("\"error\":{\"code\":-7}", -7, "")]
    [InlineData("\"error\":{}", 0, "")]
    [InlineData("\"error\":{\"code\":99999999999,\"message\":\"wide\"}", int.MaxValue, "wide")]
    [InlineData("\"error\":{\"code\":\"x\",\"message\":5,\"data\":[1]}", 0, "")]
    [InlineData("\"error\":{\"data\":{\"type\":\"T\"},\"code\":-8,\"message\":\"order\"}", -8, "order")]
    [InlineData("\"error\":\"bad\"", 0, "bad")]
    [InlineData("\"error\":null", 0, "")]
    public async Task Every_shape_of_an_error_fails_its_call_alone(string members, int code, string message)
    {
        await using HeaderPeer peer = new();
        Task<RpcReply<int>> call = await CallAsync(peer, members);

        RpcErrorException thrown = await Assert.ThrowsAsync<RpcErrorException>(() => Until.Ends(call));

        Assert.Equal((code, message), (thrown.Code, thrown.ErrorMessage));
        await peer.AssertLives();
    }

    [Theory]
    [InlineData("\"result\":5,\"error\":null", 5)]
    [InlineData("\"error\":null,\"result\":5", 5)]
    [InlineData("\"result\":4,\"result\":5", 5)]
    public async Task A_result_beside_no_error_is_a_result(string members, int expected)
    {
        await using HeaderPeer peer = new();

        Task<RpcReply<int>> call = await CallAsync(peer, members);

        Assert.Equal(expected, (await Until.Ends(call)).Value);
    }

    [Theory]
    [InlineData("\"result\":null")]
    [InlineData("\"result\":\"5\"")]
    [InlineData("\"result\":1.5")]
    [InlineData("\"result\":99999999999")]
    public async Task A_result_of_the_wrong_kind_fails_its_call_alone(string members)
    {
        await using HeaderPeer peer = new();
        Task<RpcReply<int>> call = await CallAsync(peer, members);

        await Assert.ThrowsAsync<RpcSerializationException>(() => Until.Ends(call));

        await peer.AssertLives();
    }

    [Fact]
    public async Task An_answer_whose_id_is_a_string_is_no_answer()
    {
        await using HeaderPeer peer = new();
        Task<RpcReply<int>> call = peer.Connection.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default).AsTask();
        string id = IdOf(await peer.ReceiveAsync());

        peer.Send($$"""{"jsonrpc":"2.0","id":"{{id}}","result":1}""");
        await peer.AssertLives();
        Assert.False(call.IsCompleted);
        peer.Send($$"""{"jsonrpc":"2.0","id":{{id}},"result":2}""");

        Assert.Equal(2, (await Until.Ends(call)).Value);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("\"five\"")]
    [InlineData("1.5")]
    public async Task The_second_call_with_an_id_in_use_is_refused(string id)
    {
        await using HeaderPeer peer = new();
        peer.Send($$"""{"jsonrpc":"2.0","id":{{id}},"method":"Probe.Wait","params":[1]}""");

        peer.Send($$"""{"jsonrpc":"2.0","id":{{id}},"method":"Probe.Add","params":[1,2]}""");

        Assert.StartsWith($$"""{"jsonrpc":"2.0","id":{{id}},"error":{"code":-32600,""", await peer.ReceiveAsync(), StringComparison.Ordinal);
        peer.Probe.Gate(1).SetResult(8);
        Assert.Equal($$"""{"jsonrpc":"2.0","id":{{id}},"result":8}""", await peer.ReceiveAsync());
        await peer.AssertLives();
    }

    [Theory]
    [InlineData("5", """{"id":5}""", true)]
    [InlineData("5", "[5]", true)]
    [InlineData("\"five\"", """{"id":"five"}""", true)]
    [InlineData("\"five\"", """["five"]""", true)]
    [InlineData("5", """{"id":"5"}""", false)]
    [InlineData("\"5\"", """{"id":5}""", false)]
    [InlineData("5", """{"id":777}""", false)]
    [InlineData("5", """{"id":null}""", false)]
    [InlineData("5", """{"id":{}}""", false)]
    [InlineData("5", """{}""", false)]
    [InlineData("5", "[]", false)]
    [InlineData("5", "7", false)]
    [InlineData("5", "null", false)]
    public async Task Cancelling_needs_the_same_id_of_the_same_type(string id, string arguments, bool isCancelled)
    {
        await using HeaderPeer peer = new();
        peer.Send($$"""{"jsonrpc":"2.0","id":{{id}},"method":"Probe.Wait","params":[1]}""");
        await Until.Ends(peer.Probe.Entered(1));

        peer.Send($$"""{"jsonrpc":"2.0","method":"$/cancelRequest","params":{{arguments}}}""");

        if (!isCancelled)
        {
            await peer.AssertLives();
            peer.Probe.Gate(1).SetResult(8);
        }

        string answer = await peer.ReceiveAsync();
        Assert.StartsWith(
            isCancelled ? $$"""{"jsonrpc":"2.0","id":{{id}},"error":{"code":-32800,""" : $$"""{"jsonrpc":"2.0","id":{{id}},"result":8}""",
            answer,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancellation_as_a_request_is_answered_null()
    {
        await using HeaderPeer peer = new();

        peer.Send("""{"jsonrpc":"2.0","id":3,"method":"$/cancelRequest","params":{"id":99}}""");

        Assert.Equal("""{"jsonrpc":"2.0","id":3,"result":null}""", await peer.ReceiveAsync());
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","method":"no.such","params":[1]}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"verbose"}}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/logTrace","params":{"message":"x"}}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/unknown"}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"Probe.Tell","params":5}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"Probe.Add","params":["not","numbers"]}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"$/cancelRequest"}""")]
    public async Task A_notification_is_never_answered(string message)
    {
        await using HeaderPeer peer = new();

        peer.Send(message);

        await peer.AssertLives();
    }

    [Theory]
    [InlineData("", RpcCloseKind.PeerClosed)]
    [InlineData("C", RpcCloseKind.StreamError)]
    [InlineData("Content-Length: 5", RpcCloseKind.StreamError)]
    [InlineData("Content-Length: 5\r", RpcCloseKind.StreamError)]
    [InlineData("Content-Length: 5\r\n", RpcCloseKind.StreamError)]
    [InlineData("Content-Length: 5\r\n\r", RpcCloseKind.StreamError)]
    [InlineData("Content-Length: 5\r\n\r\n", RpcCloseKind.StreamError)]
    [InlineData("Content-Length: 5\r\n\r\n{\"id", RpcCloseKind.StreamError)]
    public async Task An_end_of_the_stream_is_clean_only_between_messages(string stream, RpcCloseKind expected)
    {
        await using HeaderPeer peer = new();
        await peer.AssertLives();

        peer.SendRaw(stream);
        peer.Socket.Shutdown(SocketShutdown.Send);

        Assert.Equal(expected, (await peer.Closed()).Kind);
    }

    private static string IdOf(string request) => request.Split("\"id\":")[1].Split(',')[0];

    /// <summary>Calls and answers with the given members.</summary>
    private static async Task<Task<RpcReply<int>>> CallAsync(HeaderPeer peer, string members)
    {
        Task<RpcReply<int>> call = peer.Connection.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default).AsTask();
        string request = await peer.ReceiveAsync();
        Assert.Equal($$"""{"jsonrpc":"2.0","id":{{IdOf(request)}},"method":"Probe.Add","params":[1,2]}""", request);
        peer.Send($$"""{"jsonrpc":"2.0","id":{{IdOf(request)}},{{members}}}""");
        return call;
    }
}
