using System.Globalization;
using System.Text.Json;

namespace PluginHost.Runtime.Model;

/// <summary>
/// Reads the members of one object. Each method reports what is wrong with its member and then gives null;
/// <see cref="End"/> reports the members that nobody asked for.
/// </summary>
internal sealed class FieldSet
{
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly string _shape;

    private FieldSet(StrictValue value, ReadSession session, string shape)
    {
        Value = value;
        Session = session;
        _shape = shape;
    }

    /// <summary>The object.</summary>
    public StrictValue Value { get; }

    /// <summary>The reading it belongs to.</summary>
    public ReadSession Session { get; }

    /// <summary>Starts on an object; null, and a problem, where the value is none.</summary>
    /// <param name="value">The value.</param>
    /// <param name="session">The reading.</param>
    /// <param name="shape">Its path with indices and ids left out, such as <c>rules[]</c>; empty for the root.</param>
    public static FieldSet? Of(StrictValue value, ReadSession session, string shape)
    {
        if (value.Kind == StrictKind.Object)
        {
            return new(value, session, shape);
        }

        session.Wrong(value, "an object: { … }");
        return null;
    }

    /// <summary>Gives a member's value; null where it is absent.</summary>
    public StrictValue? Find(string name)
    {
        _asked.Add(name);
        Session.Known.Add(_shape.Length == 0 ? name : $"{_shape}.{name}");
        return Value.Members.FirstOrDefault(m => m.Name == name)?.Value;
    }

    /// <summary>Gives a member's value and reports its absence.</summary>
    public StrictValue? Require(string name, string expected)
    {
        var value = Find(name);
        if (value is null)
        {
            Session.Report(Value.Line, Value.Column, StrictJson.Join(Value.Path, name), $"is missing, expected {expected}. Add it.");
        }

        return value;
    }

    /// <summary>Reads an object member's own fields.</summary>
    public FieldSet? Section(string name) =>
        Find(name) is { } value ? Of(value, Session, _shape.Length == 0 ? name : $"{_shape}.{name}") : null;

    /// <summary>Reads a text that passes a check.</summary>
    public string? Text(string name, string expected, Func<string, bool> valid, bool required = false) =>
        TextOf(required ? Require(name, expected) : Find(name), expected, valid);

    /// <summary>Reads a list of texts that pass a check; null where the member is absent or no list.</summary>
    public IReadOnlyList<string>? Texts(string name, string expectedItem, Func<string, bool> valid)
    {
        if (List(name, "an array, each item " + expectedItem) is not { } items)
        {
            return null;
        }

        return [.. items.Select(item => TextOf(item, expectedItem, valid)).OfType<string>()];
    }

    /// <summary>Reads an array's items; null where the member is absent or no array.</summary>
    public IReadOnlyList<StrictValue>? List(string name, string expected)
    {
        var value = Find(name);
        if (value is null or { Kind: StrictKind.Array })
        {
            return value?.Items;
        }

        Session.Wrong(value, expected);
        return null;
    }

    /// <summary>Reads one of several words.</summary>
    public T? Word<T>(string name, IReadOnlyList<(string Word, T Value)> words, bool required = false)
        where T : struct
    {
        var expected = string.Join(" or ", words.Select(w => $"\"{w.Word}\""));
        var value = required ? Require(name, expected) : Find(name);
        if (value is null)
        {
            return null;
        }

        foreach (var (word, meaning) in words)
        {
            if (value.Kind == StrictKind.Text && value.Text == word)
            {
                return meaning;
            }
        }

        var near = value.Kind == StrictKind.Text ? NearName.Of(value.Text, words.Select(w => w.Word)) : null;
        Session.Wrong(value, expected, near is null ? "" : $"Did you mean \"{near}\"?");
        return null;
    }

    /// <summary>Reads true or false.</summary>
    public bool? Boolean(string name)
    {
        var value = Find(name);
        if (value is null or { Kind: StrictKind.Boolean })
        {
            return value is null ? null : value.Text == "true";
        }

        Session.Wrong(value, "true or false");
        return null;
    }

    /// <summary>Reads a whole number within bounds.</summary>
    public long? Whole(string name, long least, long most, bool nullable = false)
    {
        var value = Find(name);
        if (value is null || (nullable && value.Kind == StrictKind.Null))
        {
            return null;
        }

        if (value.Kind == StrictKind.Number
            && long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most)
        {
            return number;
        }

        Session.Wrong(value, string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));
        return null;
    }

    /// <summary>Reads a number above 0 and up to a most.</summary>
    public double? Positive(string name, double most, bool nullable = false)
    {
        var value = Find(name);
        if (value is null || (nullable && value.Kind == StrictKind.Null))
        {
            return null;
        }

        if (value.Kind == StrictKind.Number && double.TryParse(value.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && number > 0 && number <= most)
        {
            return number;
        }

        Session.Wrong(value, string.Create(CultureInfo.InvariantCulture, $"a number above 0 and up to {most}"));
        return null;
    }

    /// <summary>Reads a size: a text such as <c>512MiB</c>, or a whole number of bytes.</summary>
    public long? Size(string name, long least, long most, bool nullable = false)
    {
        var value = Find(name);
        if (value is null || (nullable && value.Kind == StrictKind.Null))
        {
            return null;
        }

        var size = value.Kind switch
        {
            StrictKind.Text => Quantities.Size(value.Text),
            StrictKind.Number when long.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) => bytes,
            _ => null,
        };
        if (size >= least && size <= most)
        {
            return size;
        }

        Session.Wrong(value, $"a size from {Quantities.Size(least)} to {Quantities.Size(most)}: a whole number with B, KiB, MiB or GiB in quotes, such as \"512MiB\", or bytes as a plain number");
        return null;
    }

    /// <summary>Reads a duration such as <c>00:00:10</c>.</summary>
    public TimeSpan? Duration(string name, TimeSpan least, TimeSpan most, bool nullable = false)
    {
        var value = Find(name);
        if (value is null || (nullable && value.Kind == StrictKind.Null))
        {
            return null;
        }

        var time = value.Kind == StrictKind.Text ? Quantities.Duration(value.Text) : null;
        if (time >= least && time <= most)
        {
            return time;
        }

        Session.Wrong(value, $"a duration from \"{Quantities.Duration(least)}\" to \"{Quantities.Duration(most)}\": hh:mm:ss with up to three decimals, such as \"00:00:10\"");
        return null;
    }

    /// <summary>Reads any JSON object as it stands.</summary>
    public JsonElement? Json(string name)
    {
        var value = Find(name);
        if (value is null or { Kind: StrictKind.Object })
        {
            return value is null ? null : JsonElement.Parse(value.Raw.Span);
        }

        Session.Wrong(value, "an object: { … }");
        return null;
    }

    /// <summary>Reports every member that nobody asked for.</summary>
    public void End()
    {
        foreach (var member in Value.Members.Where(m => !_asked.Contains(m.Name)))
        {
            var remedy = NearName.Of(member.Name, _asked) is { } near
                ? $"Did you mean \"{near}\"?"
                : $"Remove it; the members known here are {string.Join(", ", _asked.Order(StringComparer.Ordinal))}.";
            Session.Report(member.Line, member.Column, member.Value.Path, $"{StrictValue.Quote(member.Name)} is not a known member. {remedy}");
        }
    }

    private string? TextOf(StrictValue? value, string expected, Func<string, bool> valid)
    {
        if (value is null)
        {
            return null;
        }

        if (value.Kind == StrictKind.Text && valid(value.Text))
        {
            return value.Text;
        }

        Session.Wrong(value, expected);
        return null;
    }
}
