using System.Text;
using System.Text.Json;

namespace PluginHost.Runtime.Model;

/// <summary>
/// Reads JSON without any leniency into a tree that knows every value's place: no comments, no trailing commas, no byte order mark,
/// no repeated members, valid UTF-8, at most <see cref="MaxDepth"/> levels and <see cref="MaxBytes"/>.
/// </summary>
internal static class StrictJson
{
    /// <summary>The longest file in bytes: 256 KiB.</summary>
    public const int MaxBytes = 256 * 1024;

    /// <summary>The deepest nesting of objects and arrays.</summary>
    public const int MaxDepth = 32;

    /// <summary>Reads a document whose root is an object; null where its syntax is wrong, and the session then has the one problem.</summary>
    /// <param name="bytes">The document.</param>
    /// <param name="session">Takes the problems.</param>
    /// <param name="mostBytes">The longest document in bytes.</param>
    public static StrictValue? Read(ReadOnlyMemory<byte> bytes, ReadSession session, int mostBytes = MaxBytes)
    {
        var places = new TextPlaces(bytes);
        if (bytes.Length > mostBytes)
        {
            session.Report(0, 0, "", $"the file is larger than {mostBytes / 1024} KiB, the most that is read. Make it smaller.");
            return null;
        }

        if (bytes.Span.StartsWith("\uFEFF"u8))
        {
            session.Report(1, 1, "", "the file starts with a byte order mark, expected '{'. Save it as UTF-8 without a byte order mark.");
            return null;
        }

        if (FirstInvalid(bytes.Span) is { } invalid)
        {
            Report(session, places, invalid, $"byte 0x{bytes.Span[invalid]:X2} is not valid UTF-8 here. Save the file as UTF-8.");
            return null;
        }

        var reader = new Utf8JsonReader(bytes.Span, new JsonReaderOptions { MaxDepth = MaxDepth * 2, CommentHandling = JsonCommentHandling.Disallow });
        try
        {
            reader.Read();
            var root = ReadValue(ref reader, bytes, places, session, "");
            if (root is not null)
            {
                reader.Read();
                if (root.Kind != StrictKind.Object)
                {
                    session.Wrong(root, "an object: { … }");
                    return null;
                }
            }

            return root;
        }
        catch (JsonException error)
        {
            var at = places.Offset((int)(error.LineNumber ?? 0), (int)(error.BytePositionInLine ?? 0));
            Report(session, places, at, Explain(bytes.Span, at));
            return null;
        }
    }

    private static StrictValue? ReadValue(ref Utf8JsonReader reader, ReadOnlyMemory<byte> bytes, TextPlaces places, ReadSession session, string path)
    {
        var start = (int)reader.TokenStartIndex;
        var (line, column) = places.At(start);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject or JsonTokenType.StartArray when reader.CurrentDepth >= MaxDepth:
                session.Report(line, column, path, $"objects and arrays are nested deeper than {MaxDepth} levels. Flatten the value.");
                return null;
            case JsonTokenType.StartObject:
                return ReadObject(ref reader, bytes, places, session, path);
            case JsonTokenType.StartArray:
                var items = new List<StrictValue>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (ReadValue(ref reader, bytes, places, session, $"{path}[{items.Count}]") is not { } item)
                    {
                        return null;
                    }

                    items.Add(item);
                }

                return new() { Kind = StrictKind.Array, Line = line, Column = column, Path = path, Items = items, Raw = bytes[start..(int)reader.BytesConsumed] };
            case JsonTokenType.String:
                if (ReadText(ref reader) is not { } text)
                {
                    session.Report(line, column, path, "the string has half of a surrogate pair (\\ud800 to \\udfff alone). Write the whole character.");
                    return null;
                }

                return new() { Kind = StrictKind.Text, Line = line, Column = column, Path = path, Text = text, Raw = bytes[start..(int)reader.BytesConsumed] };
            default:
                var kind = reader.TokenType switch
                {
                    JsonTokenType.Number => StrictKind.Number,
                    JsonTokenType.Null => StrictKind.Null,
                    _ => StrictKind.Boolean,
                };
                var raw = bytes[start..(int)reader.BytesConsumed];
                return new() { Kind = kind, Line = line, Column = column, Path = path, Text = Encoding.UTF8.GetString(raw.Span), Raw = raw };
        }
    }

    private static StrictValue? ReadObject(ref Utf8JsonReader reader, ReadOnlyMemory<byte> bytes, TextPlaces places, ReadSession session, string path)
    {
        var start = (int)reader.TokenStartIndex;
        var (line, column) = places.At(start);
        var members = new List<StrictMember>();
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var (nameLine, nameColumn) = places.At((int)reader.TokenStartIndex);
            if (ReadText(ref reader) is not { } name)
            {
                session.Report(nameLine, nameColumn, path, "the member's name has half of a surrogate pair (\\ud800 to \\udfff alone). Write the whole character.");
                return null;
            }

            var memberPath = Join(path, name);
            reader.Read();
            if (ReadValue(ref reader, bytes, places, session, memberPath) is not { } value)
            {
                return null;
            }

            if (names.TryAdd(name, nameLine))
            {
                members.Add(new(name, nameLine, nameColumn, value));
            }
            else
            {
                session.Report(nameLine, nameColumn, memberPath, $"{StrictValue.Quote(name)} is given twice, first in line {names[name]}. Remove one of them.");
            }
        }

        return new() { Kind = StrictKind.Object, Line = line, Column = column, Path = path, Members = members, Raw = bytes[start..(int)reader.BytesConsumed] };
    }

    /// <summary>The path of a member: dotted where the name is a plain word, else in brackets.</summary>
    public static string Join(string path, string name)
    {
        var plain = name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '$');
        return plain ? (path.Length == 0 ? name : $"{path}.{name}") : $"{path}[{StrictValue.Quote(name)}]";
    }

    private static string? ReadText(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // The reader's way to say that an escape sequence names half of a surrogate pair.
            return null;
        }
    }

    private static int? FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            if (Rune.DecodeFromUtf8(bytes[at..], out _, out var used) != System.Buffers.OperationStatus.Done)
            {
                return at;
            }

            at += used;
        }

        return null;
    }

    private static void Report(ReadSession session, TextPlaces places, int offset, string message)
    {
        var (line, column) = places.At(offset);
        session.Report(line, column, "", message);
    }

    private static string Explain(ReadOnlySpan<byte> bytes, int at)
    {
        var before = bytes[..Math.Min(at, bytes.Length)].TrimEnd(" \t\r\n"u8);
        if (bytes.TrimEnd(" \t\r\n"u8).Length <= at)
        {
            return before.IsEmpty
                ? "the file is empty, expected an object: { … }."
                : "the file ends in the middle of a value: a closing '}', ']' or '\"' is missing. Restore the rest of the file.";
        }

        var found = bytes[at];
        if (found == '/')
        {
            return "found a comment, which JSON does not have. Remove it.";
        }

        if (found is (byte)'}' or (byte)']' && !before.IsEmpty && before[^1] == ',')
        {
            return $"found '{(char)found}' after a comma, expected another value. Remove the comma before it.";
        }

        if (found is (byte)'\n' or (byte)'\r')
        {
            return "found a line break inside a string. End the string before it, or write \\n.";
        }

        if (found == '\'')
        {
            return "found a single quotation mark, expected a double one. Write \"…\".";
        }

        var shown = found is > 0x20 and < 0x7f ? $"'{(char)found}'" : $"byte 0x{found:X2}";
        return $"found {shown}, which JSON does not allow here. Look for a missing comma, colon or quotation mark just before, or for text after the end.";
    }
}
