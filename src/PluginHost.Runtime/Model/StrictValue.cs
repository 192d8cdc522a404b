namespace PluginHost.Runtime.Model;

/// <summary>What a JSON value is.</summary>
internal enum StrictKind
{
    /// <summary>An object.</summary>
    Object,

    /// <summary>An array.</summary>
    Array,

    /// <summary>A string.</summary>
    Text,

    /// <summary>A number.</summary>
    Number,

    /// <summary>true or false.</summary>
    Boolean,

    /// <summary>null.</summary>
    Null,
}

/// <summary>One JSON value with its place in the file.</summary>
internal sealed class StrictValue
{
    /// <summary>What it is.</summary>
    public required StrictKind Kind { get; init; }

    /// <summary>Its line, from 1.</summary>
    public required int Line { get; init; }

    /// <summary>Its column in characters, from 1.</summary>
    public required int Column { get; init; }

    /// <summary>Its path, such as <c>rules[0].sha256</c>.</summary>
    public required string Path { get; init; }

    /// <summary>The decoded string, or the number, true, false or null as written; empty for objects and arrays.</summary>
    public string Text { get; init; } = "";

    /// <summary>The members of an object, without repeated ones.</summary>
    public IReadOnlyList<StrictMember> Members { get; init; } = [];

    /// <summary>The items of an array.</summary>
    public IReadOnlyList<StrictValue> Items { get; init; } = [];

    /// <summary>The value as written, in UTF-8.</summary>
    public ReadOnlyMemory<byte> Raw { get; init; }

    /// <summary>The value in a few words, for a message.</summary>
    public string Describe() => Kind switch
    {
        StrictKind.Object => "an object",
        StrictKind.Array => "an array",
        StrictKind.Text => Quote(Text),
        _ => Text.Length > 60 ? Text[..60] + "…" : Text,
    };

    /// <summary>Quotes a text for a message: shortened, control characters as code points.</summary>
    public static string Quote(string text)
    {
        var shown = text.Length > 60 ? text[..60] + "…" : text;
        return '"' + string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : c.ToString())) + '"';
    }
}

/// <summary>One member of an object, with the place of its name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Line">The name's line.</param>
/// <param name="Column">The name's column.</param>
/// <param name="Value">The value.</param>
internal sealed record StrictMember(string Name, int Line, int Column, StrictValue Value);
