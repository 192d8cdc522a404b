using System.Text.Json;

namespace PluginHost.Rpc.Tests.Vectors;

/// <summary>One frame as a real peer sent it.</summary>
/// <param name="Index">Its line, from 0.</param>
/// <param name="Source">Who sent it.</param>
/// <param name="Scenario">What was going on.</param>
/// <param name="Framing">How it is framed.</param>
/// <param name="Bytes">All of it.</param>
public sealed record RecordedFrame(int Index, string Source, string Scenario, string Framing, byte[] Bytes)
{
    /// <summary>All recorded frames.</summary>
    public static IReadOnlyList<RecordedFrame> All { get; } = [.. Load()];

    /// <summary>True for MessagePack.</summary>
    public bool IsBinary => Source.Contains("MessagePack", StringComparison.Ordinal);

    /// <summary>Why this side refuses the frame, or null where it is to be read. From the table of malformed input; by scenario and not by what the reader does.</summary>
    public string? Fault => Scenario switch
    {
        "missing Content-Length" or "non-numeric Content-Length" or "negative Content-Length" or "Content-Length 0" => "Protocol",
        "header without colon" or "LF-only header" or "utf-16 charset in Content-Type" => "Protocol",
        "JSON array (batch)" or "empty object" or "missing result+error response" => "Protocol",
        "bad JSON body" when IsDriver && !Text.Contains("\"id\":99", StringComparison.Ordinal) => "Parse",

        // The recording turned the two bytes that are no UTF-8 into six that are: its announced 60 bytes end inside the message.
        "invalid UTF-8" when IsDriver => "Parse",
        _ => null,
    };

    /// <summary>The frame as text.</summary>
    public string Text => System.Text.Encoding.UTF8.GetString(Bytes);

    /// <summary>What the frame holds behind its header, found by a way of its own.</summary>
    public IReadOnlyList<byte[]> Messages => [.. Cut()];

    private bool IsDriver => Source == "test driver";

    /// <inheritdoc/>
    public override string ToString() => $"{Index} {Source}: {Scenario}";

    private IEnumerable<byte[]> Cut()
    {
        byte[] rest = Bytes;
        while (rest.Length > 0)
        {
            if (Framing == "length")
            {
                yield return rest[4..];
                yield break;
            }

            string latin = System.Text.Encoding.Latin1.GetString(rest);
            int start = latin.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
            string field = latin[..start].Split("\r\n").First(line => line.StartsWith("content-length", StringComparison.OrdinalIgnoreCase));
            int length = int.Parse(field.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
            yield return rest[start..(start + length)];
            rest = rest[(start + length)..];
        }
    }

    private static IEnumerable<RecordedFrame> Load()
    {
        using Stream stream = typeof(RecordedFrame).Assembly.GetManifestResourceStream("vectors.jsonl")!;
        using StreamReader reader = new(stream);
        for (int index = 0; reader.ReadLine() is { } line; index++)
        {
            JsonElement vector = JsonDocument.Parse(line).RootElement;
            yield return new RecordedFrame(
                index,
                vector.GetProperty("source").GetString()!,
                vector.GetProperty("scenario").GetString()!,
                vector.GetProperty("framing").GetString()!,
                Convert.FromHexString(vector.GetProperty("frame_hex").GetString()!));
        }
    }
}
