namespace PluginHost.Contracts.Invocation;

/// <summary>A value could not be read or written: another kind, out of range, too deep, or malformed.</summary>
public sealed class ValueFormatException : Exception
{
    /// <summary>Creates one.</summary>
    /// <param name="message">The place, what was found and what was expected.</param>
    public ValueFormatException(string message)
        : base(message)
    {
    }

    /// <summary>Creates one with a cause.</summary>
    /// <param name="message">The place, what was found and what was expected.</param>
    /// <param name="innerException">The cause.</param>
    public ValueFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>A required member was not there. Used by generated readers.</summary>
    /// <param name="type">The type that was read.</param>
    /// <param name="member">The member's name on the wire.</param>
    public static ValueFormatException MissingMember(string type, string member) =>
        new($"{type}: the member '{member}' is missing.");

    /// <summary>A value does not fit its type. Used by generated readers.</summary>
    /// <param name="type">The type that was read.</param>
    /// <param name="value">The value found.</param>
    public static ValueFormatException OutOfRange(string type, object value) =>
        new($"{value} does not fit {type}.");

    /// <summary>An argument list has the wrong length. Used by generated dispatchers.</summary>
    /// <param name="method">The method.</param>
    /// <param name="expected">How many it takes.</param>
    /// <param name="found">How many, or which name, came.</param>
    public static ValueFormatException Arguments(string method, int expected, string found) =>
        new($"{method} takes {expected} argument(s); found {found}.");
}
