using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Framing;

/// <summary>
/// One message a line, for peers that print JSON: written with a carriage return and a line feed, read with or without the carriage return.
/// Empty lines are skipped. JSON only: a message holds no raw line feed.
/// </summary>
internal sealed class NewlineFormat : FrameFormat
{
    private const byte CarriageReturn = (byte)'\r';
    private const byte LineFeed = (byte)'\n';

    public static NewlineFormat Instance { get; } = new();

    /// <inheritdoc/>
    public override void Begin(OutputBuffer output)
    {
    }

    /// <inheritdoc/>
    public override void End(OutputBuffer output, int start) => output.Write("\r\n"u8);

    /// <inheritdoc/>
    public override bool TryFind(ReadOnlySpan<byte> bytes, int maxMessageBytes, ref int scanned, out FrameBounds bounds)
    {
        int blank = BlankLines(bytes);
        bounds = new FrameBounds(blank, 0, 0);
        if (blank == bytes.Length)
        {
            scanned = 0;
            return false;
        }

        RefuseOtherCodecs(bytes[blank]);

        // A long line comes in many pieces: what was looked through is not looked through again.
        int from = Math.Max(scanned, blank);
        int at = bytes[from..].IndexOf(LineFeed);
        int end = at < 0 ? bytes.Length : from + at;
        int body = end - blank - (bytes[end - 1] == CarriageReturn ? 1 : 0);
        if (body > maxMessageBytes)
        {
            throw new MalformedMessageException(
                MessageFault.Limit, $"A line has {(at < 0 ? "more than " : "")}{body} bytes; the limit for a message is {maxMessageBytes}.")
            {
                Limit = MalformedMessageException.MessageSize,
            };
        }

        if (at < 0)
        {
            scanned = end - blank;
            return false;
        }

        scanned = 0;
        bounds = new FrameBounds(blank, body, end + 1 - blank - body);
        return true;
    }

    /// <summary>How many bytes of whole empty lines stand in front; a lone carriage return may still become one.</summary>
    private static int BlankLines(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (true)
        {
            if (at < bytes.Length && bytes[at] == LineFeed)
            {
                at++;
            }
            else if (at + 1 < bytes.Length && bytes[at] == CarriageReturn && bytes[at + 1] == LineFeed)
            {
                at += 2;
            }
            else
            {
                return at;
            }
        }
    }

    /// <summary>A binary message may hold line feeds, so that its end cannot be found.</summary>
    private static void RefuseOtherCodecs(byte first)
    {
        if (first >= 0x80)
        {
            throw new MalformedMessageException(
                MessageFault.Protocol, $"A line begins with the byte {first:X2}; expected JSON text, which is all that lines can hold.");
        }
    }
}
