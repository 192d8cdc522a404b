using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Framing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Tests.Support;
using PluginHost.Rpc.Transport;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>
/// Cancellations race their calls' answers, from blocking and awaiting callers at once, while the test itself is the peer and watches every id:
/// each call ends once, with its own answer or as cancelled, and no place is given away before its answer came. Subclass it for a transport.
/// </summary>
public abstract class CancelRaceTests(RpcCodec codec)
{
    private const int Lanes = 8;
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task No_call_is_lost_doubled_or_given_anothers_answer()
    {
        int each = Soak.Count(5_000, 100_000) / Lanes;
        (RpcTransport nearEnd, RpcTransport farEnd) = Connect();
        Watcher watcher = new(farEnd, codec);
        Thread watching = new(watcher.Run) { IsBackground = true };
        watching.Start();
        await using RpcConnection near = new(
            nearEnd, new RpcOptions { Codec = codec, MaxPendingOutbound = 64 }, [], NullLogger.Instance);
        near.Start();
        int answered = 0;
        int cancelled = 0;

        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => Task.Factory.StartNew(
            async () =>
            {
                Random random = new(lane);
                for (int i = 0; i < each; i++)
                {
                    string text = $"{lane}.{i}";
                    bool? isAnswered;
                    while ((isAnswered = await CallAsync(near, text, lane % 2 == 0, random)) is null)
                    {
                        await Task.Yield();
                    }

                    Interlocked.Increment(ref isAnswered.Value ? ref answered : ref cancelled);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap())).WaitAsync(TimeSpan.FromMinutes(Soak.IsOn ? 20 : 2));

        Assert.Equal(each * Lanes, answered + cancelled);
        Assert.InRange(answered, 1, (each * Lanes) - 1);
        await Until.True(() => near.PendingOutbound == 0);
        Assert.False(near.Closed.IsCompleted);
        await near.DisposeAsync();
        Assert.True(watching.Join(TimeSpan.FromSeconds(30)));
        farEnd.Dispose();
        Assert.Null(watcher.Fault);
        Assert.InRange(watcher.Answered, answered, each * Lanes);
    }

    /// <summary>Two ends that are connected.</summary>
    private protected abstract (RpcTransport Near, RpcTransport Far) Connect();

    /// <summary>
    /// Calls and cancels at a random moment, or not; true where the answer came, which must be the call's own, and null where every place was taken
    /// by calls that were given up.
    /// </summary>
    private static async Task<bool?> CallAsync(RpcConnection near, string text, bool isBlocking, Random random)
    {
        using CancellationTokenSource source = new();
        int way = random.Next(8);
        Task cancelling = Task.CompletedTask;
        if (way == 0)
        {
            source.Cancel();
        }
        else if (way < 7)
        {
            int spins = random.Next(1 << random.Next(1, 14));
            cancelling = Task.Run(() =>
            {
                Thread.SpinWait(spins);
                source.Cancel();
            });
        }

        try
        {
            string? echo = isBlocking
                ? near.Call<EchoCall, string?>(new EchoCall(text), s_long, source.Token).Value
                : (await near.CallAsync<EchoCall, string?>(new EchoCall(text), s_long, source.Token)).Value;
            Assert.Equal(text, echo);
            Assert.NotEqual(0, way);
            return true;
        }
        catch (OperationCanceledException e)
        {
            Assert.Equal(source.Token, e.CancellationToken);
            Assert.NotEqual(7, way);
            return false;
        }
        catch (RpcLimitException)
        {
            return null;
        }
        finally
        {
            await cancelling;
        }
    }

    /// <summary>The peer: gives texts back, some at once and some only after later messages, and watches the ids.</summary>
    private sealed class Watcher(RpcTransport transport, RpcCodec codec)
    {
        private const int SlotMask = 0xffff;
        private readonly HashSet<long> _slots = [];
        private readonly HashSet<long> _ids = [];
        private readonly Queue<(long Id, string Text)> _held = new();
        private readonly Random _random = new(3);

        public string? Fault { get; private set; }

        public int Answered { get; private set; }

        public void Run()
        {
            try
            {
                using FrameReader reader = new(LengthFormat.Instance, 1024 * 1024);
                while (transport.Receive(reader.Free(), Timeout.Infinite) is int count and > 0)
                {
                    reader.Received(count);
                    while (reader.TryRead(out ReadOnlySpan<byte> frame))
                    {
                        Take(frame);
                    }

                    // Nothing more has come: nobody may have a place left, so all that was held goes out.
                    while (_held.TryDequeue(out (long Id, string Text) last))
                    {
                        Answer(last.Id, last.Text);
                    }
                }
            }
            catch (SocketException)
            {
                // The near side has gone.
            }
            catch (Exception e)
            {
                Fault = e.ToString();
                transport.ShutDown();
            }
        }

        private void Take(ReadOnlySpan<byte> frame)
        {
            Envelope envelope = EnvelopeReader.Read(frame, codec);
            if (envelope.Kind == MessageKind.Request)
            {
                Require(_ids.Add(envelope.Id), $"The id {envelope.Id} came twice.");
                Require(_slots.Add(envelope.Id & SlotMask), $"The place of {envelope.Id} was given away before its answer.");
                _held.Enqueue((envelope.Id, TextOf(envelope.Params.Of(frame))));
            }

            if (_random.Next(3) != 0 && _held.TryDequeue(out (long Id, string Text) next))
            {
                Answer(next.Id, next.Text);
            }
        }

        private string TextOf(ReadOnlySpan<byte> arguments)
        {
            if (codec == RpcCodec.MessagePack)
            {
                MessagePackValueReader reader = new(arguments);
                reader.BeginArray();
                return reader.ReadString()!;
            }
            else
            {
                JsonValueReader reader = new(arguments);
                reader.BeginArray();
                return reader.ReadString()!;
            }
        }

        private void Answer(long id, string text)
        {
            OutputBuffer output = new();
            LengthFormat.Instance.Begin(output);
            OutputBuffer rawId = new();
            if (codec == RpcCodec.MessagePack)
            {
                new MessagePackValueWriter(rawId).WriteInt64(id);
                EnvelopeWriter.BeginResult(output, codec, rawId.WrittenSpan, tellsInside: false);
                new MessagePackValueWriter(output).WriteString(text);
            }
            else
            {
                new JsonValueWriter(rawId).WriteInt64(id);
                EnvelopeWriter.BeginResult(output, codec, rawId.WrittenSpan, tellsInside: false);
                new JsonValueWriter(output).WriteString(text);
            }

            EnvelopeWriter.EndResult(output, codec, -1);
            LengthFormat.Instance.End(output, 0);

            // Before it is sent: from then on the place may come again.
            _slots.Remove(id & SlotMask);
            Answered++;
            for (ReadOnlySpan<byte> rest = output.WrittenSpan; !rest.IsEmpty;)
            {
                rest = rest[transport.Send(rest)..];
            }
        }

        private static void Require(bool isTrue, string otherwise)
        {
            if (!isTrue)
            {
                throw new InvalidOperationException(otherwise);
            }
        }
    }
}

public sealed class CancelRaceOverSocketAndMessagePackTests() : CancelRaceTests(RpcCodec.MessagePack)
{
    private protected override (RpcTransport Near, RpcTransport Far) Connect() => RingPair.CreateWithoutRing();
}

public sealed class CancelRaceOverSocketAndJsonTests() : CancelRaceTests(RpcCodec.Json)
{
    private protected override (RpcTransport Near, RpcTransport Far) Connect() => RingPair.CreateWithoutRing();
}

public sealed class CancelRaceOverRingAndMessagePackTests() : CancelRaceTests(RpcCodec.MessagePack)
{
    private protected override (RpcTransport Near, RpcTransport Far) Connect() => RingPair.Create(64 * 1024);
}

public sealed class CancelRaceOverRingAndJsonTests() : CancelRaceTests(RpcCodec.Json)
{
    private protected override (RpcTransport Near, RpcTransport Far) Connect() => RingPair.Create(64 * 1024);
}
