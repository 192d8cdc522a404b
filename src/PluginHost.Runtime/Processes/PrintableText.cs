using System.Globalization;
using System.Text;

namespace PluginHost.Runtime.Processes;

/// <summary>Makes a child's bytes safe to show: UTF-8, with everything that could move a cursor or reorder text written as an escape.</summary>
internal static class PrintableText
{
    /// <summary>Decodes and escapes; line ends and tabs stay.</summary>
    /// <param name="bytes">What a child wrote.</param>
    /// <param name="maxLength">The longest result in characters; its end is kept.</param>
    public static string From(ReadOnlySpan<byte> bytes, int maxLength)
    {
        string text = Encoding.UTF8.GetString(bytes);
        if (text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            text = Escape(text);
        }

        return text.Length > maxLength ? text[^maxLength..] : text;
    }

    private static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length + 16);
        foreach (char c in text)
        {
            if (c is '\n' or '\t' || !IsDangerous(c))
            {
                escaped.Append(c);
            }
            else if (c != '\r')
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
            }
        }

        return escaped.ToString();
    }

    private static bool IsDangerous(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
