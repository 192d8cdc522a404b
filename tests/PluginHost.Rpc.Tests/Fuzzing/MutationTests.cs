using System.Diagnostics;
using System.Net.Sockets;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Framing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Tests.Support;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Rpc.Tests.Fuzzing;

/// <summary>Damaged streams are read or refused: nothing else comes out, nothing hangs, and memory stays in proportion to what came.</summary>
public sealed class MutationTests
{
    private const int MaxMessageBytes = 1024 * 1024;
    private const int LiveShare = 20;

    // A refusal costs exceptions with their stacks, whatever came; beyond that a byte that came may cost this much.
    private const long BytesAtMost = 128 * 1024;
    private const long BytesAtMostEach = 64;
    private static readonly TimeSpan s_timeAtMost = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(RpcCodec.Json)]
    [InlineData(RpcCodec.MessagePack)]
    public void Damaged_frames_are_read_or_refused_and_nothing_else(RpcCodec codec)
    {
        int count = Soak.Count(20_000, 1_000_000);
        Mutator mutator = new(codec, seed: 20261121);
        int refused = 0;
        int messages = 0;
        for (int i = 0; i < count; i++)
        {
            (byte[] stream, RpcFraming framing) = mutator.Next();
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            long started = Stopwatch.GetTimestamp();
            try
            {
                messages += Read(stream, framing, mutator.Random);
            }
            catch (MalformedMessageException)
            {
                refused++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Round {i}, {framing}, gave {e.GetType().Name}: {Convert.ToHexString(stream)}", e);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            Assert.True(allocated < BytesAtMost + (BytesAtMostEach * stream.Length), $"Round {i} took {allocated} bytes for {stream.Length}: {Convert.ToHexString(stream)}");
            Assert.True(Stopwatch.GetElapsedTime(started) < s_timeAtMost, $"Round {i} hung: {Convert.ToHexString(stream)}");
        }

        // Both happen often, else the damage is of a kind that finds nothing.
        Assert.InRange(refused, count / 10, count);
        Assert.InRange(messages, count / 10, int.MaxValue);
    }

    [Theory]
    [InlineData(RpcCodec.Json)]
    [InlineData(RpcCodec.MessagePack)]
    public async Task A_connection_survives_or_ends_and_never_hangs(RpcCodec codec)
    {
        int count = Soak.Count(20_000, 1_000_000) / LiveShare;
        Mutator mutator = new(codec, seed: 1121);
        for (int i = 0; i < count; i++)
        {
            (byte[] stream, RpcFraming framing) = mutator.Next();
            (Socket near, Socket far) = SocketPair.Create();
            ListLogger logger = new();
            RpcOptions options = new() { Framing = framing, MaxMessageBytes = MaxMessageBytes };
            await using RpcConnection connection = new(near, options, [new ProbeDispatcher()], logger);
            using Socket peer = far;
            connection.Start();

            bool isWhole = peer.Send(stream) == stream.Length;
            peer.Shutdown(SocketShutdown.Send);

            Task ended = await Task.WhenAny(connection.Closed, Task.Delay(TimeSpan.FromSeconds(30), TimeProvider.System));
            Assert.True(isWhole && ended == connection.Closed, $"Round {i}, {framing}, hung: {Convert.ToHexString(stream)}");

            // What the reader did not foresee ends the connection too, but is a defect.
            Assert.DoesNotContain(logger.Events, e => e.Id.Id == 9004);
        }
    }

    private static int Read(byte[] stream, RpcFraming framing, Random random)
    {
        using FrameReader reader = new(new RpcOptions { Framing = framing }.Format, MaxMessageBytes);
        int messages = 0;
        ReadOnlySpan<byte> rest = stream;
        while (!rest.IsEmpty)
        {
            Span<byte> free = reader.Free();
            int count = Math.Min(Math.Min(free.Length, rest.Length), random.Next(1, 200));
            rest[..count].CopyTo(free);
            rest = rest[count..];
            reader.Received(count);
            while (reader.TryRead(out ReadOnlySpan<byte> message))
            {
                messages++;
                Take(message, random);
            }
        }

        return messages;
    }

    private static void Take(ReadOnlySpan<byte> message, Random random)
    {
        RpcCodec codec = EnvelopeReader.Detect(message);
        Envelope envelope = EnvelopeReader.Read(message, codec);
        foreach (Slice slice in (Slice[])[envelope.RawId, envelope.Params, envelope.Result, envelope.Error])
        {
            if (slice.IsAbsent)
            {
                continue;
            }

            ReadOnlySpan<byte> value = slice.Of(message);
            for (int way = 0; way < 3; way++)
            {
                try
                {
                    if (codec == RpcCodec.MessagePack)
                    {
                        MessagePackValueReader reader = new(value);
                        ValueWalk.Take(ref reader, way, random);
                    }
                    else
                    {
                        JsonValueReader reader = new(value);
                        ValueWalk.Take(ref reader, way, random);
                    }
                }
                catch (ValueFormatException)
                {
                    // What a value reader refuses is an error of one call.
                }
            }
        }
    }
}
