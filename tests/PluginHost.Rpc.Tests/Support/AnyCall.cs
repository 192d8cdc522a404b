using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Tests.Vectors;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>The name of a peer's method.</summary>
internal interface IWireName
{
    static abstract ContractMethod Method { get; }
}

/// <summary>Calls any method with any simple arguments; the result comes back in one spelling, see <see cref="Meaning"/>.</summary>
/// <param name="arguments">Integers, strings, booleans or null; pairs for arguments by name.</param>
internal readonly struct AnyCall<TName>(params object?[] arguments) : ICall<string>
    where TName : IWireName
{
    public static ContractMethod Method => TName.Method;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct => AnyArguments.Write(ref writer, arguments);

    public static string ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => Meaning.Spelled(ref reader);

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Notifies of anything.</summary>
/// <inheritdoc cref="AnyCall{TName}"/>
internal readonly struct AnyNotice<TName>(params object?[] arguments) : ICall<NoResult>
    where TName : IWireName
{
    public static ContractMethod Method => TName.Method;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct => AnyArguments.Write(ref writer, arguments);

    public static NoResult ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => default;

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Writes arguments whose types are known only now.</summary>
internal static class AnyArguments
{
    public static void Write<TWriter>(ref TWriter writer, object?[] arguments)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        if (arguments is [(string, object), ..])
        {
            writer.BeginMap(arguments.Length);
            foreach (object? argument in arguments)
            {
                (string name, object value) = ((string, object))argument!;
                writer.WriteKey(name);
                WriteOne(ref writer, value);
            }

            writer.EndMap();
            return;
        }

        writer.BeginArray(arguments.Length);
        foreach (object? argument in arguments)
        {
            WriteOne(ref writer, argument);
        }

        writer.EndArray();
    }

    private static void WriteOne<TWriter>(ref TWriter writer, object? value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        switch (value)
        {
            case null:
                writer.WriteNull();
                break;
            case bool boolean:
                writer.WriteBoolean(boolean);
                break;
            case int number:
                writer.WriteInt64(number);
                break;
            case string text:
                writer.WriteString(text);
                break;
            case object?[] nested:
                Write(ref writer, nested);
                break;
            default:
                throw new NotSupportedException(value.GetType().Name);
        }
    }
}
