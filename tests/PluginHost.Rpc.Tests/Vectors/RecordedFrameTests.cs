using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Framing;
using PluginHost.Rpc.Messages;
using Xunit;

namespace PluginHost.Rpc.Tests.Vectors;

/// <summary>What StreamJsonRpc and vscode-jsonrpc really sent is read as they meant it, and what is canonical we write with the same bytes.</summary>
public sealed class RecordedFrameTests
{
    private static readonly FrameFormat[] s_textFormats = [HeaderFormat.Instance, LengthFormat.Instance, NewlineFormat.Instance];
    private static readonly FrameFormat[] s_binaryFormats = [HeaderFormat.Instance, LengthFormat.Instance];

    public static TheoryData<int, string> Indexes => [.. RecordedFrame.All.Select(f => (f.Index, f.ToString()))];

    [Theory]
    [MemberData(nameof(Indexes))]
    public void A_recorded_frame_is_read_with_its_meaning(int index, string name)
    {
        RecordedFrame frame = RecordedFrame.All[index];
        FrameFormat format = frame.Framing == "length" ? LengthFormat.Instance : HeaderFormat.Instance;
        if (frame.Fault is { } fault)
        {
            MalformedMessageException thrown = Assert.Throws<MalformedMessageException>(() => Read(frame.Bytes, format, frame.Bytes.Length));
            Assert.Equal(fault, thrown.Fault.ToString());
            return;
        }

        List<Meaning> expected = [.. frame.Messages.Select(m => Meaning.Independent(m, frame.IsBinary))];

        Assert.NotEmpty(expected);
        Assert.Equal(expected, Read(frame.Bytes, format, frame.Bytes.Length));
        Assert.Equal(expected, Read(frame.Bytes, format, 1));
        foreach (FrameFormat other in frame.IsBinary ? s_binaryFormats : s_textFormats)
        {
            Assert.Equal(expected, Read([.. frame.Messages.SelectMany(m => Framed(m, other))], other, 7));
        }

        Assert.NotEmpty(name);
    }

    [Theory]
    [MemberData(nameof(Indexes))]
    public void A_canonical_frame_is_written_with_the_same_bytes(int index, string name)
    {
        RecordedFrame frame = RecordedFrame.All[index];
        if (frame.Fault is not null)
        {
            return;
        }

        OutputBuffer output = new();
        foreach (byte[] message in frame.Messages)
        {
            output.Write(Framed(Rewriting.Again(message), frame.Framing == "length" ? LengthFormat.Instance : HeaderFormat.Instance));
        }

        byte[] written = output.WrittenSpan.ToArray();
        string? difference = Rewriting.Difference(frame);

        if (difference is null)
        {
            Assert.Equal(Show(frame.Bytes, frame), Show(written, frame));
        }
        else
        {
            // So that no difference is claimed which is none.
            Assert.NotEqual(Show(frame.Bytes, frame), Show(written, frame));
        }

        Assert.NotEmpty(name);
    }

    [Fact]
    public void Every_recorded_frame_is_covered()
    {
        Dictionary<string, int> counts = RecordedFrame.All
            .GroupBy(f => f.Fault is null ? Rewriting.Difference(f) ?? "same bytes" : "refused")
            .ToDictionary(g => g.Key, g => g.Count());

        Assert.Equal(301, RecordedFrame.All.Count);
        Assert.Equal(12, counts["refused"]);
        Assert.Equal(250, counts["same bytes"]);
        Assert.Equal(301, counts.Values.Sum());
    }

    private static string Show(byte[] bytes, RecordedFrame frame) => frame.IsBinary ? Convert.ToHexStringLower(bytes) : System.Text.Encoding.UTF8.GetString(bytes);

    private static byte[] Framed(byte[] message, FrameFormat format)
    {
        OutputBuffer output = new();
        format.Begin(output);
        output.Write(message);
        format.End(output, 0);
        return output.WrittenSpan.ToArray();
    }

    private static List<Meaning> Read(byte[] stream, FrameFormat format, int piece)
    {
        using FrameReader reader = new(format, 1024 * 1024);
        List<Meaning> read = [];
        ReadOnlySpan<byte> rest = stream;
        while (!rest.IsEmpty)
        {
            Span<byte> free = reader.Free();
            int count = Math.Min(Math.Min(piece, free.Length), rest.Length);
            rest[..count].CopyTo(free);
            rest = rest[count..];
            reader.Received(count);
            while (reader.TryRead(out ReadOnlySpan<byte> message))
            {
                read.Add(Meaning.Ours(message.ToArray()));
            }
        }

        Assert.False(reader.IsInsideFrame);
        return read;
    }
}
