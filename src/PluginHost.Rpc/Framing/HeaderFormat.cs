using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Framing;

/// <summary>A block of fields with <c>Content-Length</c>, an empty line, then the message: what language servers and most other peers speak.</summary>
internal sealed class HeaderFormat : FrameFormat
{
    private const int MaxHeaderBytes = 4096;
    private const int MaxShownBytes = 200;
    private const int ReservedDigits = 3;

    /// <summary>Longer than any field's name in use: what goes on longer without a colon is no header.</summary>
    private const int MaxNameBytes = 64;

    private static readonly SearchValues<byte> s_nameBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."u8);

    public static HeaderFormat Instance { get; } = new();

    private static ReadOnlySpan<byte> LengthField => "Content-Length: "u8;

    private static ReadOnlySpan<byte> BlankLine => "\r\n\r\n"u8;

    /// <inheritdoc/>
    public override void Begin(OutputBuffer output)
    {
        output.Write(LengthField);
        output.Write("000"u8);
        output.Write(BlankLine);
    }

    /// <inheritdoc/>
    public override void End(OutputBuffer output, int start)
    {
        int digitsAt = start + LengthField.Length;
        int bodyAt = digitsAt + ReservedDigits + BlankLine.Length;
        int body = output.Length - bodyAt;
        Span<byte> digits = stackalloc byte[10];
        body.TryFormat(digits, out int count, default, CultureInfo.InvariantCulture);
        if (count != ReservedDigits)
        {
            output.Shift(bodyAt, count - ReservedDigits);
        }

        digits[..count].CopyTo(output.Written(digitsAt, count));
        BlankLine.CopyTo(output.Written(digitsAt + count, BlankLine.Length));
    }

    /// <inheritdoc/>
    public override bool TryFind(ReadOnlySpan<byte> bytes, int maxMessageBytes, ref int scanned, out FrameBounds bounds)
    {
        bounds = default;
        int bodyBytes = -1;
        int headerBytes = 0;
        ReadOnlySpan<byte> window = bytes[..Math.Min(bytes.Length, MaxHeaderBytes)];
        while (true)
        {
            ReadOnlySpan<byte> rest = window[headerBytes..];
            int end = rest.IndexOf((byte)'\n');
            if (end < 0)
            {
                if (window.Length == MaxHeaderBytes)
                {
                    throw new MalformedMessageException(MessageFault.Limit, $"A frame's header has more than {MaxHeaderBytes} bytes.{Shown(bytes)}");
                }

                CheckBeginning(rest, bytes);
                return false;
            }

            if (end == 0 || rest[end - 1] != '\r')
            {
                throw new MalformedMessageException(MessageFault.Protocol, $"A header's line ends without a carriage return.{Shown(bytes)}");
            }

            headerBytes += end + 1;
            if (end == 1)
            {
                break;
            }

            ReadField(rest[..(end - 1)], maxMessageBytes, ref bodyBytes, bytes);
        }

        bounds = bodyBytes >= 0
            ? new FrameBounds(headerBytes, bodyBytes, 0)
            : throw new MalformedMessageException(MessageFault.Protocol, $"A frame's header has no Content-Length.{Shown(bytes)}");
        return true;
    }

    /// <summary>What is printed without a line's end must not look like a header whose rest is still to come.</summary>
    private static void CheckBeginning(ReadOnlySpan<byte> line, ReadOnlySpan<byte> all)
    {
        int colon = line.IndexOf((byte)':');
        ReadOnlySpan<byte> name = colon < 0 ? line : line[..colon];
        bool isBlank = line is [] or [(byte)'\r'];
        if (!isBlank && !IsName(name))
        {
            throw NoField(all);
        }
    }

    private static bool IsName(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= MaxNameBytes && name.IndexOfAnyExcept(s_nameBytes) < 0;

    private static MalformedMessageException NoField(ReadOnlySpan<byte> all) =>
        new(MessageFault.Protocol, $"A header's line is no field.{Shown(all)}");

    private static void ReadField(ReadOnlySpan<byte> line, int maxMessageBytes, ref int bodyBytes, ReadOnlySpan<byte> all)
    {
        int colon = line.IndexOf((byte)':');
        if (colon < 0 || !IsName(line[..colon]))
        {
            throw NoField(all);
        }

        ReadOnlySpan<byte> name = line[..colon];
        ReadOnlySpan<byte> value = line[(colon + 1)..].Trim(" \t"u8);
        if (Ascii.EqualsIgnoreCase(name, "Content-Length"u8))
        {
            int length = ReadLength(value, maxMessageBytes, all);
            if (bodyBytes >= 0 && bodyBytes != length)
            {
                throw new MalformedMessageException(MessageFault.Protocol, $"A frame has two lengths, {bodyBytes} and {length}.");
            }

            bodyBytes = length;
        }
        else if (Ascii.EqualsIgnoreCase(name, "Content-Type"u8))
        {
            CheckType(value);
        }
    }

    private static int ReadLength(ReadOnlySpan<byte> value, int maxMessageBytes, ReadOnlySpan<byte> all)
    {
        if (value.IsEmpty || value.IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0)
        {
            throw new MalformedMessageException(MessageFault.Protocol, $"A frame's Content-Length is no number.{Shown(all)}");
        }

        bool fits = Utf8Parser.TryParse(value, out long length, out _);
        if (fits && length == 0)
        {
            throw new MalformedMessageException(MessageFault.Protocol, $"A frame announces 0 bytes; expected 1 to {maxMessageBytes}.");
        }

        return fits && length <= maxMessageBytes
            ? (int)length
            : throw new MalformedMessageException(
                MessageFault.Limit,
                $"A frame announces {Encoding.ASCII.GetString(value[..Math.Min(value.Length, 20)])} bytes; the limit for a message is {maxMessageBytes}.")
            {
                Limit = MalformedMessageException.MessageSize,
            };
    }

    private static void CheckType(ReadOnlySpan<byte> value)
    {
        string type = Encoding.ASCII.GetString(value);
        int at = type.IndexOf("charset=", StringComparison.OrdinalIgnoreCase);
        string charset = at < 0 ? "utf-8" : type[(at + "charset=".Length)..].Split(';')[0].Trim(' ', '"');
        if (!charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) && !charset.Equals("utf8", StringComparison.OrdinalIgnoreCase))
        {
            throw new MalformedMessageException(MessageFault.Protocol, $"A message is written in {charset}; only utf-8 is taken.");
        }
    }

    /// <inheritdoc/>
    public override string Unfinished(ReadOnlySpan<byte> bytes) => $"{base.Unfinished(bytes)}: {Beginning(bytes)}";

    /// <summary>Quotes what came: mostly something that was printed to a stream meant for messages.</summary>
    private static string Shown(ReadOnlySpan<byte> bytes) =>
        $" What came begins with: {Beginning(bytes)}";

    private static string Beginning(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, MaxShownBytes)]);
}
