namespace PluginHost.Contracts.Invocation;

/// <summary>How values of one type are written and read outside a call's own arguments and result: a generated struct a type.</summary>
/// <typeparam name="T">The type: of a sequence's items, or of a progress report.</typeparam>
public interface IValueCodec<T>
{
    /// <summary>Writes a value.</summary>
    static abstract void Write<TWriter>(ref TWriter writer, T value)
        where TWriter : struct, IValueWriter, allows ref struct;

    /// <summary>Reads a value.</summary>
    /// <exception cref="ValueFormatException">The next value is no such value.</exception>
    static abstract T Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct;
}
