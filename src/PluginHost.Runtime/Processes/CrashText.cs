using System.Text;

namespace PluginHost.Runtime.Processes;

/// <summary>
/// Keeps the first lines of the last crash that the runtime wrote: its stack can be far longer than the tail that is kept. Not thread-safe.
/// </summary>
internal sealed class CrashText
{
    private const int MaxLines = 12;
    private const int MaxLength = 2 * 1024;

    private readonly StringBuilder _text = new();
    private int _lines;

    /// <summary>The crash's first lines, or null where there was none.</summary>
    public string? Text => _text.Length == 0 ? null : _text.ToString();

    /// <summary>Looks at one line.</summary>
    public void Line(ReadOnlySpan<byte> line)
    {
        if (IsStart(line))
        {
            _text.Clear();
            _lines = 0;
        }
        else if (_lines is 0 or >= MaxLines || _text.Length >= MaxLength)
        {
            return;
        }

        _ = _lines++ == 0 ? _text : _text.Append('\n');
        _text.Append(PrintableText.From(line[..Math.Min(line.Length, MaxLength - _text.Length)], MaxLength));
    }

    /// <summary>Puts the crash's first lines before a tail that has lost them, within the tail's bound.</summary>
    public string Before(string tail)
    {
        string head = $"{_text}\n[...]\n";
        int room = Math.Max(0, OutputTail.MaxBytes - head.Length);
        return head + (tail.Length > room ? tail[^room..] : tail);
    }

    private static bool IsStart(ReadOnlySpan<byte> line) =>
        line.StartsWith("Stack overflow."u8) || line.StartsWith("Process terminated."u8) ||
        line.StartsWith("Unhandled exception. "u8) || line.StartsWith("Out of memory."u8);
}
