using System.Text;
using PluginHost.Runtime.Processes;

namespace PluginHost.Processes.Tests.Processes;

public sealed class LineSplitterTests
{
    [Fact]
    public void Lines_are_the_same_whatever_the_cuts_of_the_stream()
    {
        byte[] text = Encoding.UTF8.GetBytes("one\r\n\ntwo\nthree");

        foreach (int size in Enumerable.Range(1, text.Length))
        {
            Assert.Equal(["one", "", "two", "three"], Lines(text.Chunk(size)));
        }
    }

    [Fact]
    public void A_line_longer_than_the_bound_is_cut_once_and_the_next_is_whole()
    {
        byte[] text = [.. Enumerable.Repeat((byte)'x', 100_000), (byte)'\n', (byte)'y', (byte)'\n'];

        string[] lines = Lines(text.Chunk(777));

        Assert.Equal(2, lines.Length);
        Assert.Equal(LineSplitter.MaxLineBytes, lines[0].Length);
        Assert.Equal("y", lines[1]);
    }

    private static string[] Lines(IEnumerable<byte[]> parts)
    {
        List<string> lines = [];
        LineSplitter splitter = new();
        void Add(ReadOnlySpan<byte> line, bool isCut) => lines.Add(Encoding.UTF8.GetString(line));
        foreach (byte[] part in parts)
        {
            splitter.Append(part, Add);
        }

        splitter.Flush(Add);
        return [.. lines];
    }
}
