using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

public sealed class ChainTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(RpcCodec.MessagePack, false)]
    [InlineData(RpcCodec.Json, false)]
    [InlineData(RpcCodec.MessagePack, true)]
    public async Task A_chain_is_there_while_its_handler_runs_and_no_longer(RpcCodec codec, bool isInline)
    {
        Recording recording = new();
        await using ConnectedPair pair = new(
            codec, far: o => o with { Chain = recording, Dispatch = isInline ? RpcDispatch.Inline : RpcDispatch.Pool });

        for (int i = 0; i < 10; i++)
        {
            // Often enough that the handler is known as quick, and runs on the reading thread where that is allowed.
            await pair.Near.CallAsync<InChain, int>(new InChain(new AddCall(1, 2), $"{i};\"é"), Timeout.InfiniteTimeSpan, Token);
            int heard = 2 * (i + 1);
            await Until.True(() => recording.Heard.Count == heard);
            int plain = (await pair.Near.CallAsync<AddCall, int>(new AddCall(3, 4), Timeout.InfiniteTimeSpan, Token)).Value;
            Assert.Equal(7, plain);
        }

        Assert.Equal(Enumerable.Range(0, 10).SelectMany(i => (string[])[$"{i};\"é", "left"]), recording.Heard);
    }

    [Fact]
    public async Task A_chain_that_nobody_listens_to_changes_nothing()
    {
        await using ConnectedPair pair = new(RpcCodec.MessagePack);

        RpcReply<int> reply = await pair.Near.CallAsync<InChain, int>(new InChain(new AddCall(1, 2), "1"), Timeout.InfiniteTimeSpan, Token);

        Assert.Equal(3, reply.Value);
    }

    [Fact]
    public async Task A_chain_that_is_refused_fails_its_call_and_nothing_else()
    {
        await using ConnectedPair pair = new(RpcCodec.Json, far: o => o with { Chain = new Recording { Refusal = new InvalidOperationException("unheard of") } });

        RpcErrorException refused = await Assert.ThrowsAsync<RpcErrorException>(
            async () => await pair.Near.CallAsync<InChain, int>(new InChain(new AddCall(1, 2), "1"), Timeout.InfiniteTimeSpan, Token));
        RpcReply<int> plain = await pair.Near.CallAsync<AddCall, int>(new AddCall(1, 2), Timeout.InfiniteTimeSpan, Token);

        Assert.Contains("unheard of", refused.Message, StringComparison.Ordinal);
        Assert.Equal(3, plain.Value);
    }

    [Fact]
    public async Task A_call_without_a_chain_is_written_without_the_member()
    {
        Recording recording = new();
        await using ConnectedPair pair = new(RpcCodec.MessagePack, far: o => o with { Chain = recording });

        await pair.Near.CallAsync<InChain, int>(new InChain(new AddCall(1, 2), null), Timeout.InfiniteTimeSpan, Token);

        Assert.Empty(recording.Heard);
    }

    [Theory]
    [InlineData(RpcCodec.MessagePack)]
    [InlineData(RpcCodec.Json)]
    public void A_chain_that_is_too_long_is_malformed(RpcCodec codec)
    {
        OutputBuffer output = new();
        EnvelopeWriter.BeginRequest(output, codec, 1, "Probe.Add"u8);
        output.Write(codec == RpcCodec.Json ? "[]"u8 : [0x90]);
        ChainMember.Write(output, codec, 0, new string('x', ChainMember.MaxBytes + 1));
        EnvelopeWriter.End(output, codec);
        Envelope envelope = EnvelopeReader.Read(output.WrittenSpan, codec);

        MalformedMessageException malformed = Assert.Throws<MalformedMessageException>(() => ChainMember.Read(output.WrittenSpan, in envelope, codec));

        Assert.Equal(MessageFault.Limit, malformed.Fault);
    }

    private readonly struct InChain(AddCall call, string? chain) : ICall<int>
    {
        public static ContractMethod Method => AddCall.Method;

        public static bool HasChain => true;

        public string? Chain => chain;

        public void WriteArguments<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => call.WriteArguments(ref writer);

        public static int ReadResult<TReader>(ref TReader reader)
            where TReader : struct, IValueReader, allows ref struct => AddCall.ReadResult(ref reader);

        public static Exception? ReadError<TReader>(string type, ref TReader reader)
            where TReader : struct, IValueReader, allows ref struct => null;
    }

    private sealed class Recording : CallChain
    {
        private readonly List<string> _heard = [];

        public Exception? Refusal { get; init; }

        public IReadOnlyList<string> Heard
        {
            get
            {
                lock (_heard)
                {
                    return [.. _heard];
                }
            }
        }

        public override void Enter(string chain)
        {
            if (Refusal is { } refusal)
            {
                throw refusal;
            }

            Add(chain);
        }

        public override void Leave() => Add("left");

        private void Add(string heard)
        {
            lock (_heard)
            {
                _heard.Add(heard);
            }
        }
    }
}
