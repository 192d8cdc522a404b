using System.Text;

namespace PluginHost.Runtime.Model;

/// <summary>Turns offsets of a UTF-8 text into lines and columns.</summary>
internal sealed class TextPlaces
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly List<int> _starts = [0];

    /// <summary>Creates one.</summary>
    public TextPlaces(ReadOnlyMemory<byte> bytes)
    {
        _bytes = bytes;
        var span = bytes.Span;
        for (var i = 0; i < span.Length; i++)
        {
            if (span[i] == '\n')
            {
                _starts.Add(i + 1);
            }
        }
    }

    /// <summary>The line and column, both from 1, the column in characters.</summary>
    public (int Line, int Column) At(int offset)
    {
        var index = _starts.BinarySearch(offset);
        var line = index >= 0 ? index : ~index - 1;
        var end = Math.Min(offset, _bytes.Length);
        return (line + 1, Encoding.UTF8.GetCharCount(_bytes.Span[_starts[line]..end]) + 1);
    }

    /// <summary>The offset of a line and a byte in it, both from 0.</summary>
    public int Offset(int line, int byteInLine) => Math.Min(_starts[Math.Min(line, _starts.Count - 1)] + byteInLine, _bytes.Length);
}
