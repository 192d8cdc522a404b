using System.Collections;
using System.Globalization;

namespace PluginHost.Runtime.InProcess;

/// <summary>A log event's template and properties with every value a primitive or text: nothing in it belongs to a plugin. Immutable.</summary>
internal sealed class PlainLogState : IReadOnlyList<KeyValuePair<string, object?>>
{
    private readonly string _message;
    private readonly KeyValuePair<string, object?>[] _values;

    private PlainLogState(string message, KeyValuePair<string, object?>[] values)
    {
        _message = message;
        _values = values;
    }

    /// <inheritdoc/>
    public int Count => _values.Length;

    /// <inheritdoc/>
    public KeyValuePair<string, object?> this[int index] => _values[index];

    /// <summary>Copies a state's properties.</summary>
    /// <param name="state">What the plugin logged.</param>
    /// <param name="message">The formatted message.</param>
    /// <param name="added">Properties to add; one that the plugin sets itself is overruled.</param>
    public static PlainLogState Of(object? state, string message, KeyValuePair<string, object?>[] added)
    {
        IEnumerable<KeyValuePair<string, object?>> own = state as IEnumerable<KeyValuePair<string, object?>> ?? [new("{OriginalFormat}", message)];
        return new PlainLogState(
            message,
            [.. own.Where(p => !added.Any(a => a.Key == p.Key)).Select(p => new KeyValuePair<string, object?>(p.Key, Plain(p.Value))), .. added]);
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, object?>>)_values).GetEnumerator();

    /// <inheritdoc/>
    public override string ToString() => _message;

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static object? Plain(object? value) => value switch
    {
        null or string or bool or char or decimal or double or float or DateTime or DateTimeOffset or TimeSpan or Guid => value,
        sbyte or byte or short or ushort or int or uint or long or ulong when !value.GetType().IsEnum => value,
        IEnumerable many => string.Join(", ", many.Cast<object?>().Select(v => Convert.ToString(v, CultureInfo.InvariantCulture))),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };
}
