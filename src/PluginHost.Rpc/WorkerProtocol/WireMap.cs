using System.Diagnostics.CodeAnalysis;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>The few shapes that this protocol's messages are made of: named members, lists, one argument.</summary>
internal static class WireMap
{
    /// <summary>Writes a member that is a string.</summary>
    public static void WriteText<TWriter>(ref TWriter writer, ReadOnlySpan<byte> name, string? value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.WriteName(name);
        writer.WriteString(value);
    }

    /// <summary>Writes a member that is an integer.</summary>
    public static void WriteInteger<TWriter>(ref TWriter writer, ReadOnlySpan<byte> name, long value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.WriteName(name);
        writer.WriteInt64(value);
    }

    /// <summary>Writes a member that is a list of strings.</summary>
    public static void WriteTexts<TWriter>(ref TWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<string> values)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.WriteName(name);
        writer.BeginArray(values.Count);
        foreach (string value in values)
        {
            writer.WriteString(value);
        }

        writer.EndArray();
    }

    /// <summary>Reads a list of strings; nulls in it are an error.</summary>
    public static string[] ReadTexts<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        List<string> values = [];
        ValueScope array = reader.BeginArray();
        while (reader.NextElement(ref array))
        {
            values.Add(reader.ReadString() ?? throw ValueFormatException.MissingMember("A list of strings", values.Count.ToString(null, null)));
        }

        return [.. values];
    }

    /// <summary>Fails where a required member did not come.</summary>
    public static T Required<T>([NotNull] T? value, string type, string member)
        where T : class => value ?? throw ValueFormatException.MissingMember(type, member);

    /// <summary>Moves to a method's one argument, by position or by name.</summary>
    public static void MoveToArgument<TReader>(ref TReader reader, ContractMethod method)
        where TReader : struct, IValueReader, allows ref struct
    {
        if (reader.Peek() == ValueKind.Array)
        {
            ValueScope array = reader.BeginArray();
            if (reader.NextElement(ref array))
            {
                return;
            }
        }
        else if (reader.Peek() == ValueKind.Map)
        {
            ValueScope map = reader.BeginMap();
            while (reader.NextName(ref map, out ReadOnlySpan<byte> name))
            {
                if (System.Text.Encoding.UTF8.GetString(name) == method.Parameters[0])
                {
                    return;
                }

                reader.Skip();
            }
        }

        throw ValueFormatException.Arguments(method.WireName, 1, "none");
    }
}
