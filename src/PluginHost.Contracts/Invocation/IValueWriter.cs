namespace PluginHost.Contracts.Invocation;

/// <summary>
/// Writes values in one codec. Generated code is generic over it, so that each codec gets code of its own with no boxing and no reflection.
/// Not thread-safe. A count passed to a header must be followed by exactly that many values.
/// </summary>
public interface IValueWriter
{
    /// <summary>Writes what stays with its owner.</summary>
    /// <exception cref="ValueFormatException">There is none: a notification, a log, a value outside a call.</exception>
    Leases Leases { get; }

    /// <summary>Writes null.</summary>
    void WriteNull();

    /// <summary>Writes a boolean.</summary>
    void WriteBoolean(bool value);

    /// <summary>Writes a signed integer.</summary>
    void WriteInt64(long value);

    /// <summary>Writes an unsigned integer.</summary>
    void WriteUInt64(ulong value);

    /// <summary>Writes a 32-bit float. NaN and infinities fail in a codec that cannot hold them.</summary>
    /// <exception cref="ValueFormatException">The codec cannot hold the value.</exception>
    void WriteSingle(float value);

    /// <summary>Writes a 64-bit float. NaN and infinities fail in a codec that cannot hold them.</summary>
    /// <exception cref="ValueFormatException">The codec cannot hold the value.</exception>
    void WriteDouble(double value);

    /// <summary>Writes a decimal without loss, scale included.</summary>
    void WriteDecimal(decimal value);

    /// <summary>Writes a string, or null. Lone surrogates become U+FFFD.</summary>
    void WriteString(string? value);

    /// <summary>Writes a character.</summary>
    void WriteChar(char value);

    /// <summary>Writes bytes.</summary>
    void WriteBinary(ReadOnlySpan<byte> value);

    /// <summary>Writes a Guid.</summary>
    void WriteGuid(Guid value);

    /// <summary>Writes a date and time, its kind included.</summary>
    void WriteDateTime(DateTime value);

    /// <summary>Writes a date and time with its offset.</summary>
    void WriteDateTimeOffset(DateTimeOffset value);

    /// <summary>Writes a duration, to the tick.</summary>
    void WriteTimeSpan(TimeSpan value);

    /// <summary>Starts an array of <paramref name="count"/> values; end it with <see cref="EndArray"/>.</summary>
    void BeginArray(int count);

    /// <summary>Ends the innermost array.</summary>
    void EndArray();

    /// <summary>Starts a map of <paramref name="count"/> names and values; end it with <see cref="EndMap"/>.</summary>
    void BeginMap(int count);

    /// <summary>Ends the innermost map.</summary>
    void EndMap();

    /// <summary>Writes a member's name, known at compile time to need no escaping in any codec: letters, digits, underscore.</summary>
    /// <param name="utf8Name">The name as UTF-8.</param>
    void WriteName(ReadOnlySpan<byte> utf8Name);

    /// <summary>Writes a dictionary's key.</summary>
    void WriteKey(string key);
}
