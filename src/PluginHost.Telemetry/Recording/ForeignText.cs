using System.Globalization;
using System.Text;

namespace PluginHost.Telemetry.Recording;

/// <summary>Makes text that a plugin wrote safe to keep and to show: bounded, and without characters that act on a terminal or hide others.</summary>
internal static class ForeignText
{
    private const string Cut = "…";
    private static readonly int s_cutBytes = Encoding.UTF8.GetByteCount(Cut);

    /// <summary>Keeps the beginning of a text that stands on one line: line breaks are escaped as well.</summary>
    public static string? Line(string? text, int maxBytes) => Bound(text, maxBytes, keepLines: false, keepEnd: false);

    /// <summary>Keeps the beginning of a text of many lines.</summary>
    public static string? Lines(string? text, int maxBytes) => Bound(text, maxBytes, keepLines: true, keepEnd: false);

    /// <summary>Keeps the end of a text of many lines.</summary>
    public static string? LastLines(string? text, int maxBytes) => Bound(text, maxBytes, keepLines: true, keepEnd: true);

    private static string? Bound(string? text, int maxBytes, bool keepLines, bool keepEnd)
    {
        if (text is null)
        {
            return null;
        }

        // No more characters than bytes are kept, so a gigantic text is cut before it is looked at.
        ReadOnlySpan<char> near = text.Length <= maxBytes + 1 ? text : keepEnd ? text.AsSpan(text.Length - maxBytes - 1) : text.AsSpan(0, maxBytes + 1);
        string safe = Escape(near, keepLines);
        if (near.Length == text.Length && Encoding.UTF8.GetByteCount(safe) <= maxBytes)
        {
            return safe;
        }

        return keepEnd ? Cut + End(safe, maxBytes - s_cutBytes) : Start(safe, maxBytes - s_cutBytes) + Cut;
    }

    private static string Escape(ReadOnlySpan<char> text, bool keepLines)
    {
        StringBuilder safe = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value is '\n' or '\t' && keepLines)
            {
                safe.Append((char)rune.Value);
            }
            else if (IsHarmless(rune))
            {
                safe.Append(rune);
            }
            else if (!(rune.Value == '\r' && keepLines))
            {
                safe.Append(rune.Value switch { '\n' => "\\n", '\r' => "\\r", '\t' => "\\t", int other => $"\\u{other:x4}" });
            }
        }

        return safe.ToString();
    }

    private static bool IsHarmless(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static string Start(string text, int maxBytes)
    {
        int bytes = 0;
        int length = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > maxBytes)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        return text[..length];
    }

    private static string End(string text, int maxBytes)
    {
        int start = text.Length;
        int bytes = 0;
        while (start > 0)
        {
            int width = start > 1 && char.IsLowSurrogate(text[start - 1]) ? 2 : 1;
            bytes += Encoding.UTF8.GetByteCount(text.AsSpan(start - width, width));
            if (bytes > maxBytes)
            {
                break;
            }

            start -= width;
        }

        return text[start..];
    }
}
