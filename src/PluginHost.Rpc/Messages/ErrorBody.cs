using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Messages;

/// <summary>The <c>error</c> member of an answer, read and written alike in every codec.</summary>
/// <param name="Code">The code; a wider one is clamped to 32 bits.</param>
/// <param name="Message">What the peer says; at most <see cref="MaxText"/> characters.</param>
/// <param name="Type">The remote exception's type, or null.</param>
/// <param name="RemoteMessage">The remote exception's message, or null.</param>
/// <param name="Stack">The remote stack as text, or null.</param>
/// <param name="HasValue">True where <c>data</c> holds a declared error's value.</param>
internal sealed record ErrorBody(int Code, string Message, string? Type, string? RemoteMessage, string? Stack, bool HasValue)
{
    /// <summary>How much of a text is kept: what a peer says about its failure is not trusted to be short.</summary>
    public const int MaxText = 32 * 1024;

    private const int MaxInner = 8;

    /// <summary>Reads an error; missing members, data of any shape and an error that is only a text are accepted.</summary>
    /// <exception cref="ValueFormatException">Its bytes are broken.</exception>
    public static ErrorBody Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        ErrorBody body = new(0, "", null, null, null, HasValue: false);
        if (reader.Peek() != ValueKind.Map)
        {
            return reader.Peek() == ValueKind.String ? body with { Message = Cut(reader.ReadString()) ?? "" } : body;
        }

        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("code"u8) && reader.Peek() == ValueKind.Number)
            {
                body = body with { Code = (int)Math.Clamp(reader.ReadDouble(), int.MinValue, int.MaxValue) };
            }
            else if (name.SequenceEqual("message"u8) && reader.Peek() == ValueKind.String)
            {
                body = body with { Message = Cut(reader.ReadString()) ?? "" };
            }
            else if (name.SequenceEqual("data"u8) && reader.Peek() == ValueKind.Map)
            {
                body = ReadData(ref reader, body);
            }
            else if (name.SequenceEqual("data"u8) && reader.Peek() == ValueKind.Array)
            {
                body = ReadDataArray(ref reader, body);
            }
            else
            {
                reader.Skip();
            }
        }

        return body;
    }

    /// <summary>Moves to <c>data.value</c>; false where there is none.</summary>
    public static bool MoveToValue<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        return MapMember.MoveTo(ref reader, "data"u8) && MapMember.MoveTo(ref reader, "value"u8);
    }

    /// <summary>Writes an error about an exception that no contract declares, or about none.</summary>
    /// <param name="writer">Where to write.</param>
    /// <param name="code">The code.</param>
    /// <param name="message">What to say.</param>
    /// <param name="exception">The exception, or null.</param>
    /// <param name="isDataRequired">True writes <c>data</c> although there is none: peers that speak MessagePack drop the connection without it.</param>
    public static void Write<TWriter>(ref TWriter writer, int code, string message, Exception? exception, bool isDataRequired)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        bool hasData = isDataRequired || exception is not null;
        writer.BeginMap(hasData ? 3 : 2);
        writer.WriteName("code"u8);
        writer.WriteInt64(code);
        writer.WriteName("message"u8);
        writer.WriteString(Cut(message));
        if (hasData)
        {
            writer.WriteName("data"u8);
            WriteException(ref writer, exception, MaxInner);
        }

        writer.EndMap();
    }

    /// <summary>Writes a declared error.</summary>
    public static void WriteDeclared<TWriter>(ref TWriter writer, string type, Dispatcher dispatcher, int method, Exception exception)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(3);
        writer.WriteName("code"u8);
        writer.WriteInt64(RpcErrorCodes.Declared);
        writer.WriteName("message"u8);
        writer.WriteString(Cut(exception.Message));
        writer.WriteName("data"u8);
        writer.BeginMap(2);
        writer.WriteName("type"u8);
        writer.WriteString(type);
        writer.WriteName("value"u8);
        dispatcher.WriteError(method, exception, ref writer);
        writer.EndMap();
        writer.EndMap();
    }

    private static void WriteException<TWriter>(ref TWriter writer, Exception? exception, int left)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        if (exception is null || left == 0)
        {
            writer.WriteNull();
            return;
        }

        writer.BeginMap(5);
        writer.WriteName("type"u8);
        writer.WriteString(exception.GetType().FullName);
        writer.WriteName("message"u8);
        writer.WriteString(Cut(exception.Message));
        writer.WriteName("stack"u8);
        writer.WriteString(Cut(exception.StackTrace));
        writer.WriteName("code"u8);
        writer.WriteInt64(exception.HResult);
        writer.WriteName("inner"u8);
        WriteException(ref writer, exception.InnerException, left - 1);
        writer.EndMap();
    }

    private static ErrorBody ReadData<TReader>(ref TReader reader, ErrorBody body)
        where TReader : struct, IValueReader, allows ref struct
    {
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> name))
        {
            bool isText = reader.Peek() == ValueKind.String;
            if (isText && name.SequenceEqual("type"u8))
            {
                body = body with { Type = Cut(reader.ReadString()) };
            }
            else if (isText && name.SequenceEqual("message"u8))
            {
                body = body with { RemoteMessage = Cut(reader.ReadString()) };
            }
            else if (isText && name.SequenceEqual("stack"u8))
            {
                body = body with { Stack = Cut(reader.ReadString()) };
            }
            else
            {
                body = name.SequenceEqual("value"u8) ? body with { HasValue = true } : body;
                reader.Skip();
            }
        }

        return body;
    }

    /// <summary>Reads the positional form that other MessagePack peers write: type, message, stack, code, inner.</summary>
    private static ErrorBody ReadDataArray<TReader>(ref TReader reader, ErrorBody body)
        where TReader : struct, IValueReader, allows ref struct
    {
        ValueScope array = reader.BeginArray();
        for (int index = 0; reader.NextElement(ref array); index++)
        {
            if (index > 2 || reader.Peek() != ValueKind.String)
            {
                reader.Skip();
                continue;
            }

            string? text = Cut(reader.ReadString());
            body = index switch
            {
                0 => body with { Type = text },
                1 => body with { RemoteMessage = text },
                _ => body with { Stack = text },
            };
        }

        return body;
    }

    private static string? Cut(string? text) => text is { Length: > MaxText } ? text[..MaxText] : text;
}
