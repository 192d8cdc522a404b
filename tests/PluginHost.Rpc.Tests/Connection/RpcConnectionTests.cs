using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>What a connection promises, whatever the codec.</summary>
public abstract class RpcConnectionTests(RpcCodec codec, int ringBytes = 0)
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_call_gets_its_answer_and_the_time_inside()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);

        RpcReply<int> reply = await pair.Near.CallAsync<AddCall, int>(new AddCall(19, 23), s_long, default);

        Assert.Equal(42, reply.Value);
        Assert.InRange(reply.InsideNanoseconds, 0, 30_000_000_000);
    }

    [Fact]
    public async Task A_blocking_call_gets_its_answer()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);

        RpcReply<int> reply = pair.Near.Call<AddCall, int>(new AddCall(19, 23), s_long, default);

        Assert.Equal(42, reply.Value);
    }

    [Fact]
    public async Task A_format_error_of_the_handlers_own_is_not_taken_for_arguments_that_do_not_fit()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);
        pair.FarProbe.Adding = () => throw new ValueFormatException("a broken file");

        RpcErrorException own = await Assert.ThrowsAsync<RpcErrorException>(async () => await pair.Near.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default));
        RpcErrorException misfit = await Assert.ThrowsAsync<RpcErrorException>(async () => await pair.Near.CallAsync<BadAddCall, int>(default, s_long, default));

        Assert.Equal((RpcErrorCodes.Invocation, typeof(ValueFormatException).FullName, "a broken file"), (own.Code, own.RemoteType, own.RemoteMessage));
        Assert.Equal(RpcErrorCodes.InvalidParams, misfit.Code);
    }

    [Fact]
    public async Task Sixty_four_calls_in_flight_get_each_its_own_answer()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);
        List<Task<RpcReply<int>>> calls = [];
        for (int key = 0; key < 64; key++)
        {
            calls.Add(pair.Near.CallAsync<WaitCall, int>(new WaitCall(key), s_long, default).AsTask());
        }

        for (int key = 63; key >= 0; key--)
        {
            await pair.FarProbe.Entered(key);
            pair.FarProbe.Gate(key).SetResult(key * 10);
        }

        for (int key = 0; key < 64; key++)
        {
            Assert.Equal(key * 10, (await calls[key]).Value);
        }

        Assert.Equal(0, pair.Near.PendingOutbound);
    }

    [Fact]
    public async Task Many_threads_call_at_once_and_nothing_is_mixed_up()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(thread => Task.Run(async () =>
        {
            for (int i = 0; i < 500; i++)
            {
                string text = $"{thread}:{i}:" + new string('x', i % 97);
                Assert.Equal(text, (await pair.Near.CallAsync<EchoCall, string?>(new EchoCall(text), s_long, default)).Value);
                Assert.Equal(thread + i, (await pair.Far.CallAsync<AddCall, int>(new AddCall(thread, i), s_long, default)).Value);
            }
        })));
    }

    [Theory]
    [InlineData("declared", "the key")]
    [InlineData("late", "later")]
    public async Task A_declared_error_comes_back_as_itself(string how, string key)
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);

        NotFoundException thrown = await Assert.ThrowsAsync<NotFoundException>(
            async () => await pair.Near.CallAsync<FailCall, NoResult>(new FailCall(how), s_long, default));

        Assert.Equal(key, thrown.Key);
    }

    [Fact]
    public async Task An_undeclared_exception_comes_back_with_its_type_message_and_stack()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);

        RpcErrorException thrown = await Assert.ThrowsAsync<RpcErrorException>(
            async () => await pair.Near.CallAsync<FailCall, NoResult>(new FailCall("undeclared"), s_long, default));

        Assert.Equal(RpcErrorCodes.Invocation, thrown.Code);
        Assert.Equal("System.InvalidOperationException", thrown.RemoteType);
        Assert.Equal("It broke.", thrown.RemoteMessage);
        Assert.Contains("ProbeDispatcher", thrown.RemoteStack, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancellation_that_nobody_asked_for_is_a_failure()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);

        RpcErrorException thrown = await Assert.ThrowsAsync<RpcErrorException>(
            async () => await pair.Near.CallAsync<FailCall, NoResult>(new FailCall("cancelled"), s_long, default));

        Assert.Equal(RpcErrorCodes.Invocation, thrown.Code);
        Assert.Equal("System.OperationCanceledException", thrown.RemoteType);
    }

    [Fact]
    public async Task A_handler_that_never_replies_is_answered_for()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);

        RpcErrorException thrown = await Assert.ThrowsAsync<RpcErrorException>(
            async () => await pair.Near.CallAsync<FailCall, NoResult>(new FailCall("silent"), s_long, default));

        Assert.Equal(RpcErrorCodes.Internal, thrown.Code);
    }

    [Fact]
    public async Task An_unknown_method_and_bad_arguments_are_refused_by_code()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);

        RpcErrorException unknown = await Assert.ThrowsAsync<RpcErrorException>(
            async () => await pair.Near.CallAsync<UnknownCall, int>(default, s_long, default));
        RpcErrorException bad = await Assert.ThrowsAsync<RpcErrorException>(
            async () => await pair.Near.CallAsync<BadAddCall, int>(default, s_long, default));

        Assert.Equal(RpcErrorCodes.MethodNotFound, unknown.Code);
        Assert.Contains("Probe.Nope", unknown.Message, StringComparison.Ordinal);
        Assert.Equal(RpcErrorCodes.InvalidParams, bad.Code);
        Assert.Contains("expected an integer", bad.Message, StringComparison.Ordinal);
        Assert.Null(bad.RemoteStack);
    }

    [Fact]
    public async Task Arguments_that_cannot_be_written_fail_their_call_alone()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);

        await Assert.ThrowsAsync<RpcSerializationException>(
            async () => await pair.Near.CallAsync<EchoCall, string?>(new EchoCall("x", failsWhenWritten: true), s_long, default));

        Assert.Equal("y", (await pair.Near.CallAsync<EchoCall, string?>(new EchoCall("y"), s_long, default)).Value);
        Assert.Equal(0, pair.Near.PendingOutbound);
    }

    [Fact]
    public async Task A_message_over_the_limit_fails_its_call_alone()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes, near: o => o with { MaxMessageBytes = 4096 });

        RpcSerializationException thrown = await Assert.ThrowsAsync<RpcSerializationException>(
            async () => await pair.Near.CallAsync<EchoCall, string?>(new EchoCall(new string('x', 5000)), s_long, default));

        Assert.Contains("4", thrown.Message, StringComparison.Ordinal);
        Assert.Equal("y", (await pair.Near.CallAsync<EchoCall, string?>(new EchoCall("y"), s_long, default)).Value);
    }

    [Fact]
    public async Task A_megabyte_goes_and_comes()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);
        string text = string.Create(1_000_000, 0, static (span, _) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = (char)('a' + (i % 26));
            }
        });

        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(text, (await pair.Near.CallAsync<EchoCall, string?>(new EchoCall(text), s_long, default)).Value);
        }
    }

    [Fact]
    public async Task A_handler_calls_back_over_the_same_connection()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);
        int answer = 0;
        pair.FarProbe.Callback = async () => answer = (await pair.Far.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default)).Value;

        await pair.Near.CallAsync<FailCall, NoResult>(new FailCall("callback"), s_long, default);

        Assert.Equal(3, answer);
    }

    [Fact]
    public async Task Notifications_arrive_in_order()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);

        for (int i = 0; i < 500; i++)
        {
            Assert.True(pair.Near.Notify(new TellCall(i)));
        }

        await Until.True(() => pair.FarProbe.Told.Count == 500);
        Assert.Equal(Enumerable.Range(0, 500), pair.FarProbe.Told);
    }

    [Fact]
    public async Task A_target_can_be_added_while_the_connection_runs()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);
        (System.Net.Sockets.Socket a, System.Net.Sockets.Socket b) = SocketPair.Create();
        await using RpcConnection near = new(a, new RpcOptions { Codec = codec }, [], Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await using RpcConnection far = new(b, new RpcOptions { Codec = codec }, [], Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        near.Start();
        far.Start();
        await Assert.ThrowsAsync<RpcErrorException>(async () => await near.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default));

        far.AddTarget(new ProbeDispatcher());

        Assert.Equal(3, (await near.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default)).Value);
    }

    [Fact]
    public async Task The_codec_can_change_between_two_calls()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);
        RpcCodec other = codec == RpcCodec.Json ? RpcCodec.MessagePack : RpcCodec.Json;
        Assert.Equal(3, (await pair.Near.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default)).Value);

        pair.Near.UseCodec(other);

        Assert.Equal(3, (await pair.Near.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default)).Value);
        Assert.Equal(3, (await pair.Far.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default)).Value);
    }

    [Fact]
    public async Task Calls_speak_header_framing_too()
    {
        await using ConnectedPair pair = new(
            codec, o => o with { Framing = RpcFraming.Header }, o => o with { Framing = RpcFraming.Header });

        for (int length = 0; length < 1200; length += 7)
        {
            string text = new('x', length);
            Assert.Equal(text, (await pair.Near.CallAsync<EchoCall, string?>(new EchoCall(text), s_long, default)).Value);
        }
    }

    [Fact]
    public async Task Calls_over_the_peers_limit_are_refused_and_may_be_sent_again()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes, far: o => o with { MaxPendingInbound = 2 });
        Task<RpcReply<int>> first = pair.Near.CallAsync<WaitCall, int>(new WaitCall(1), s_long, default).AsTask();
        Task<RpcReply<int>> second = pair.Near.CallAsync<WaitCall, int>(new WaitCall(2), s_long, default).AsTask();

        RpcErrorException thrown = await Assert.ThrowsAsync<RpcErrorException>(
            async () => await pair.Near.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default));

        Assert.Equal(RpcErrorCodes.LimitExceeded, thrown.Code);
        pair.FarProbe.Gate(1).SetResult(1);
        pair.FarProbe.Gate(2).SetResult(2);
        Assert.Equal(3, (await first).Value + (await second).Value);
        await Until.True(() => pair.Far.PendingInbound == 0);
        Assert.Equal(3, (await pair.Near.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default)).Value);
    }

    [Fact]
    public async Task A_caller_with_too_many_calls_is_told_so()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes, near: o => o with { MaxPendingOutbound = 1 });
        Task<RpcReply<int>> first = pair.Near.CallAsync<WaitCall, int>(new WaitCall(1), s_long, default).AsTask();

        RpcLimitException thrown = await Assert.ThrowsAsync<RpcLimitException>(
            async () => await pair.Near.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default));

        Assert.Equal(1, thrown.Limit);
        pair.FarProbe.Gate(1).SetResult(5);
        Assert.Equal(5, (await first).Value);
    }
}

public sealed class RpcConnectionOverMessagePackTests() : RpcConnectionTests(RpcCodec.MessagePack)
{
    [Fact]
    public async Task Not_a_number_is_a_number_like_any_other()
    {
        await using ConnectedPair pair = new(RpcCodec.MessagePack);

        RpcReply<double> reply = await pair.Near.CallAsync<NumberCall, double>(new NumberCall(0), TimeSpan.FromSeconds(30), default);

        Assert.True(double.IsNaN(reply.Value));
    }
}

public sealed class RpcConnectionOverJsonTests() : RpcConnectionTests(RpcCodec.Json)
{
    [Fact]
    public async Task A_result_that_cannot_be_written_is_an_error_and_the_connection_lives()
    {
        await using ConnectedPair pair = new(RpcCodec.Json);

        RpcErrorException thrown = await Assert.ThrowsAsync<RpcErrorException>(
            async () => await pair.Near.CallAsync<NumberCall, double>(new NumberCall(0), TimeSpan.FromSeconds(30), default));

        Assert.Equal(RpcErrorCodes.ResultSerialization, thrown.Code);
        Assert.Equal(7, (await pair.Near.CallAsync<NumberCall, double>(new NumberCall(7), TimeSpan.FromSeconds(30), default)).Value);
    }
}

public sealed class RpcConnectionOverRingTests() : RpcConnectionTests(RpcCodec.MessagePack, ringBytes: 1024 * 1024);

/// <summary>Every message of some size is larger than the ring.</summary>
public sealed class RpcConnectionOverSmallRingTests() : RpcConnectionTests(RpcCodec.Json, ringBytes: 4096);
