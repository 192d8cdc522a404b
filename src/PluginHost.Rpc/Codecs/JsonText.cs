using System.Buffers;
using System.Globalization;
using System.Text;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Codecs;

/// <summary>Strings of JSON: what must be escaped, and how escapes are read.</summary>
internal static class JsonText
{
    private const char Replacement = '\uFFFD';

    // Vector code pays from here on; below it a worker's first messages need none of it compiled.
    private const int ShortText = 64;

    /// <summary>Writes a string in quotes: raw UTF-8, with only the quote, the backslash and control characters escaped.</summary>
    public static void Write(OutputBuffer output, ReadOnlySpan<char> text)
    {
        output.WriteByte((byte)'"');
        int start = output.Length;

        // Encoded in place; the rare text with something to escape is then spread out from behind.
        while (!text.IsEmpty)
        {
            ReadOnlySpan<char> piece = text.Length <= 4096 ? text : text[..(char.IsHighSurrogate(text[4095]) ? 4095 : 4096)];
            output.Advance(Encoding.UTF8.GetBytes(piece, output.Free(piece.Length * 3)));
            text = text[piece.Length..];
        }

        Escape(output, start);
        output.WriteByte((byte)'"');
    }

    /// <summary>Writes a string in quotes that is UTF-8 already.</summary>
    public static void Write(OutputBuffer output, ReadOnlySpan<byte> utf8)
    {
        output.WriteByte((byte)'"');
        int start = output.Length;
        output.Write(utf8);
        Escape(output, start);
        output.WriteByte((byte)'"');
    }

    /// <summary>Decodes the inside of a string that has escapes into UTF-16; lone surrogates stay as they are.</summary>
    /// <param name="utf8">What stands between the quotes; valid JSON.</param>
    /// <param name="text">At least as long as <paramref name="utf8"/>.</param>
    /// <returns>How many characters were written.</returns>
    public static int Unescape(ReadOnlySpan<byte> utf8, Span<char> text)
    {
        int written = 0;
        while (!utf8.IsEmpty)
        {
            int plain = utf8.IndexOf((byte)'\\');
            ReadOnlySpan<byte> run = plain < 0 ? utf8 : utf8[..plain];
            written += Encoding.UTF8.GetChars(run, text[written..]);
            if (plain < 0)
            {
                break;
            }

            byte escape = utf8[plain + 1];
            utf8 = utf8[(plain + 2)..];
            if (escape == 'u')
            {
                text[written++] = (char)ushort.Parse(utf8[..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                utf8 = utf8[4..];
                continue;
            }

            text[written++] = escape switch
            {
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                (byte)'n' => '\n',
                (byte)'r' => '\r',
                (byte)'t' => '\t',
                _ => (char)escape,
            };
        }

        return written;
    }

    /// <summary>Replaces every half of a surrogate pair that stands alone.</summary>
    public static void ReplaceLoneSurrogates(Span<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
            {
                i++;
            }
            else
            {
                text[i] = Replacement;
            }
        }
    }

    private static void Escape(OutputBuffer output, int start)
    {
        int first = FirstEscaped(output.WrittenSpan[start..]);
        if (first < 0)
        {
            return;
        }

        start += first;
        int extra = 0;
        foreach (byte value in output.WrittenSpan[start..])
        {
            extra += EscapedLength(value) - 1;
        }

        int from = output.Length - 1;
        output.Free(extra);
        output.Advance(extra);
        Span<byte> all = output.Written(0, output.Length);
        int to = all.Length;
        for (; from >= start; from--)
        {
            byte value = all[from];
            int length = EscapedLength(value);
            to -= length;
            WriteEscaped(all.Slice(to, length), value);
        }
    }

    private static int FirstEscaped(ReadOnlySpan<byte> text)
    {
        if (text.Length > ShortText)
        {
            return text.IndexOfAny(LongText.Escaped);
        }

        for (int i = 0; i < text.Length; i++)
        {
            if (EscapedLength(text[i]) != 1)
            {
                return i;
            }
        }

        return -1;
    }

    private static int EscapedLength(byte value) => value switch
    {
        (byte)'"' or (byte)'\\' or (byte)'\n' or (byte)'\r' or (byte)'\t' or (byte)'\b' or (byte)'\f' => 2,
        < 0x20 => 6,
        _ => 1,
    };

    private static void WriteEscaped(Span<byte> place, byte value)
    {
        if (place.Length == 1)
        {
            place[0] = value;
            return;
        }

        place[0] = (byte)'\\';
        if (place.Length == 2)
        {
            place[1] = value switch
            {
                (byte)'\n' => (byte)'n',
                (byte)'\r' => (byte)'r',
                (byte)'\t' => (byte)'t',
                (byte)'\b' => (byte)'b',
                (byte)'\f' => (byte)'f',
                _ => value,
            };
            return;
        }

        "u00"u8.CopyTo(place[1..]);
        place[4] = (byte)('0' + (value >> 4));
        place[5] = (byte)((value & 15) < 10 ? '0' + (value & 15) : 'a' + (value & 15) - 10);
    }

    private static class LongText
    {
        public static readonly SearchValues<byte> Escaped = SearchValues.Create([(byte)'"', (byte)'\\', .. Enumerable.Range(0, 0x20).Select(i => (byte)i)]);
    }
}
