using System.Text;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Framing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Framing;

/// <summary>One message a line.</summary>
public sealed class NewlineFormatTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("{}\r\n{\"a\":1}\r\n")]
    [InlineData("{}\n{\"a\":1}\n")]
    [InlineData("\r\n\n{}\n\r\n\n\r\n{\"a\":1}\r\n\n\r\n")]
    [InlineData("\n{}\r\n{\"a\":1}\n")]
    public void Lines_end_in_many_ways_and_empty_ones_are_nothing(string stream)
    {
        for (int piece = 1; piece <= stream.Length; piece++)
        {
            using FrameReader reader = new(NewlineFormat.Instance, 4096);

            Assert.Equal(["{}", "{\"a\":1}"], Feed(reader, Encoding.UTF8.GetBytes(stream), piece));
            Assert.False(reader.IsInsideFrame);
        }
    }

    [Theory]
    [InlineData("{}", true)]
    [InlineData("{}\r", true)]
    [InlineData("{}\r\n", false)]
    [InlineData("{}\n\r\n", false)]
    public void A_last_line_without_its_end_is_a_part_of_a_message(string stream, bool isInside)
    {
        using FrameReader reader = new(NewlineFormat.Instance, 4096);

        Feed(reader, Encoding.UTF8.GetBytes(stream), 100);

        Assert.Equal(isInside, reader.IsInsideFrame);
    }

    [Theory]
    [InlineData(4096, false)]
    [InlineData(4097, true)]
    public void A_line_over_the_limit_is_refused_before_its_end_comes(int length, bool isRefused)
    {
        using FrameReader reader = new(NewlineFormat.Instance, 4096);
        byte[] line = Encoding.UTF8.GetBytes(new string('x', length));

        if (isRefused)
        {
            MalformedMessageException thrown = Assert.Throws<MalformedMessageException>(() => Feed(reader, line, 1000));
            Assert.Equal(MessageFault.Limit, thrown.Fault);
            return;
        }

        Assert.Equal([new string('x', length)], Feed(reader, [.. line, (byte)'\r', (byte)'\n'], 1000));
    }

    [Fact]
    public void A_long_line_in_many_pieces_is_looked_through_once()
    {
        using FrameReader reader = new(NewlineFormat.Instance, 16 * 1024 * 1024);
        int scanned = 0;
        byte[] line = new byte[100_000];
        Array.Fill(line, (byte)'x');
        line[^1] = (byte)'\n';

        Assert.False(NewlineFormat.Instance.TryFind(line.AsSpan(0, 60_000), 1 << 20, ref scanned, out _));
        Assert.Equal(60_000, scanned);

        // What was looked through is not looked at: a line feed there would not be found any more.
        line[5] = (byte)'\n';
        Assert.True(NewlineFormat.Instance.TryFind(line, 1 << 20, ref scanned, out FrameBounds bounds));
        Assert.Equal(new FrameBounds(0, 99_999, 1), bounds);
        Assert.Equal(0, scanned);
    }

    [Fact]
    public void A_binary_message_is_refused_in_lines()
    {
        using FrameReader reader = new(NewlineFormat.Instance, 4096);

        Assert.Contains("84", Assert.Throws<MalformedMessageException>(() => Feed(reader, [0x84, 0xa7], 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_speak_lines()
    {
        await using ConnectedPair pair = new(
            RpcCodec.Json, o => o with { Framing = RpcFraming.Newline }, o => o with { Framing = RpcFraming.Newline });

        foreach (string text in (string[])["", "x", "two\r\nlines\n", "é😀\u2028", new('y', 200_000)])
        {
            Assert.Equal(text, (await pair.Near.CallAsync<EchoCall, string?>(new EchoCall(text), s_long, default)).Value);
        }

        Assert.Throws<InvalidOperationException>(() => pair.Near.UseCodec(RpcCodec.MessagePack));
        Assert.Contains("lines hold Json only", new RpcOptions { Framing = RpcFraming.Newline, Codec = RpcCodec.MessagePack }.Validate()[0], StringComparison.Ordinal);
        Assert.Empty(new RpcOptions { Framing = RpcFraming.Newline }.Validate());
    }

    private static List<string> Feed(FrameReader reader, ReadOnlySpan<byte> bytes, int piece)
    {
        List<string> messages = [];
        while (!bytes.IsEmpty)
        {
            Span<byte> free = reader.Free();
            int count = Math.Min(Math.Min(free.Length, piece), bytes.Length);
            bytes[..count].CopyTo(free);
            reader.Received(count);
            bytes = bytes[count..];
            while (reader.TryRead(out ReadOnlySpan<byte> message))
            {
                messages.Add(Encoding.UTF8.GetString(message));
            }
        }

        return messages;
    }
}
