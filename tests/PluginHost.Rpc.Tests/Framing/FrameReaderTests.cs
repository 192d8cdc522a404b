using System.Text;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Framing;
using PluginHost.Rpc.Messages;
using Xunit;

namespace PluginHost.Rpc.Tests.Framing;

/// <summary>Cutting a stream into messages, in both framings.</summary>
public sealed class FrameReaderTests
{
    private static readonly string[] s_messages = ["{}", new('x', 99), new('y', 1000), "\"é😀\""];

    [Theory]
    [InlineData(RpcFraming.Header)]
    [InlineData(RpcFraming.Length)]
    [InlineData(RpcFraming.Newline)]
    public void Frames_split_at_every_offset_come_out_whole(RpcFraming framing)
    {
        byte[] stream = Stream(framing);
        for (int at = 0; at <= stream.Length; at++)
        {
            using FrameReader reader = Reader(framing);

            List<string> read = [.. Feed(reader, stream.AsSpan(0, at)), .. Feed(reader, stream.AsSpan(at))];

            Assert.Equal(s_messages, read);
            Assert.False(reader.IsInsideFrame);
        }
    }

    [Theory]
    [InlineData(RpcFraming.Header)]
    [InlineData(RpcFraming.Length)]
    [InlineData(RpcFraming.Newline)]
    public void One_byte_at_a_time_is_enough(RpcFraming framing)
    {
        byte[] stream = Stream(framing);
        using FrameReader reader = Reader(framing);
        List<string> read = [];

        for (int at = 0; at < stream.Length; at++)
        {
            read.AddRange(Feed(reader, stream.AsSpan(at, 1)));
        }

        Assert.Equal(s_messages, read);
    }

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(-5, "-5 bytes")]
    [InlineData(int.MaxValue, "the limit for a message is 4096")]
    [InlineData(4097, "the limit for a message is 4096")]
    [InlineData(0x436F6E74, "seems to speak header framing")]
    public void A_length_outside_the_limits_is_refused_and_takes_no_memory(int length, string expected)
    {
        using FrameReader reader = new(LengthFormat.Instance, 4096);
        int before = reader.Capacity;
        byte[] header = [(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length];

        MalformedMessageException thrown = Assert.Throws<MalformedMessageException>(() => Feed(reader, header));

        Assert.Contains(expected, thrown.Message, StringComparison.Ordinal);
        Assert.Equal(before, reader.Capacity);
    }

    [Fact]
    public void Memory_grows_with_what_came_and_not_with_what_was_announced()
    {
        using FrameReader reader = new(LengthFormat.Instance, 16 * 1024 * 1024);

        Feed(reader, [0, 0xff, 0xff, 0xff, 1, 2, 3]);
        reader.Free();

        Assert.InRange(reader.Capacity, 0, 256 * 1024);
        Assert.True(reader.IsInsideFrame);
        Assert.Equal("3 of 16777215 bytes of the message", reader.Progress);
    }

    [Theory]
    [InlineData("content-length:2\r\nX-Other: 5\r\n\r\n{}")]
    [InlineData("Content-Type: application/x; charset=\"UTF8\"\r\nContent-Length:   0002  \r\n\r\n{}")]
    [InlineData("Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}")]
    public void A_header_may_be_spelled_in_many_ways(string stream)
    {
        using FrameReader reader = Reader(RpcFraming.Header);

        Assert.Equal(["{}"], Feed(reader, Encoding.UTF8.GetBytes(stream)));
    }

    [Theory]
    [InlineData("Content-Length: 0\r\n\r\n", "0 bytes")]
    [InlineData("Content-Length: -1\r\n\r\n", "no number")]
    [InlineData("Content-Length: +1\r\n\r\n", "no number")]
    [InlineData("Content-Length: 5x\r\n\r\n", "no number")]
    [InlineData("Content-Length: 99999999999999999999\r\n\r\n", "the limit")]
    [InlineData("Content-Length: 5000\r\n\r\n", "the limit")]
    [InlineData("Content-Length: 2\r\nContent-Length: 3\r\n\r\n", "two lengths")]
    [InlineData("X: 2\r\n\r\n", "no Content-Length")]
    [InlineData("\r\n\r\n", "no Content-Length")]
    [InlineData("Content-Length: 2\n\n{}", "carriage return")]
    [InlineData("Content-Type: a; charset=utf-16\r\nContent-Length: 2\r\n\r\n{}", "utf-16")]
    [InlineData("Hello from a print statement\r\n", "begins with: Hello from a print")]
    public void A_header_that_cannot_be_trusted_is_refused(string stream, string expected)
    {
        using FrameReader reader = Reader(RpcFraming.Header);

        MalformedMessageException thrown = Assert.Throws<MalformedMessageException>(() => Feed(reader, Encoding.UTF8.GetBytes(stream)));

        Assert.Contains(expected, thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Loading the model ... ")]
    [InlineData("50%")]
    [InlineData("ready\r50")]
    [InlineData("\u001b[2J")]
    [InlineData("{\"level\":30")]
    [InlineData("\0\0\0\u0010{}")]
    [InlineData(": x")]
    [InlineData("é")]
    [InlineData("Content-Length: 2\r\nprinted in between")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void What_cannot_begin_a_header_is_refused_before_its_line_ends(string stream)
    {
        using FrameReader reader = Reader(RpcFraming.Header);

        MalformedMessageException thrown = Assert.Throws<MalformedMessageException>(() => Feed(reader, Encoding.UTF8.GetBytes(stream)));

        Assert.EndsWith($"What came begins with: {stream}", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_that_has_not_come_whole_is_quoted()
    {
        using FrameReader reader = Reader(RpcFraming.Header);

        Feed(reader, "ready"u8);

        Assert.Equal("5 bytes of its beginning: ready", reader.Progress);
    }

    [Fact]
    public void A_header_without_end_is_refused()
    {
        using FrameReader reader = Reader(RpcFraming.Header);

        Assert.Throws<MalformedMessageException>(() => Feed(reader, Encoding.UTF8.GetBytes("X: " + new string('x', 5000))));
    }

    private static FrameReader Reader(RpcFraming framing) => new(Format(framing), 4096);

    private static FrameFormat Format(RpcFraming framing) => new RpcOptions { Framing = framing }.Format;

    private static byte[] Stream(RpcFraming framing)
    {
        OutputBuffer all = new();
        foreach (string message in s_messages)
        {
            OutputBuffer one = new();
            Format(framing).Begin(one);
            one.Write(Encoding.UTF8.GetBytes(message));
            Format(framing).End(one, 0);
            all.Write(one.WrittenSpan);
        }

        return all.WrittenSpan.ToArray();
    }

    private static List<string> Feed(FrameReader reader, ReadOnlySpan<byte> bytes)
    {
        List<string> messages = [];
        while (!bytes.IsEmpty)
        {
            Span<byte> free = reader.Free();
            int count = Math.Min(free.Length, bytes.Length);
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
