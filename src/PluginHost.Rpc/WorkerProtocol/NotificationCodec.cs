using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>What a worker tells the host, written and read.</summary>
internal static class NotificationCodec
{
    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, LogEvent value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(9);
        writer.WriteName("at"u8);
        writer.WriteDateTimeOffset(value.At);
        WireMap.WriteInteger(ref writer, "level"u8, value.Level);
        WireMap.WriteText(ref writer, "category"u8, value.Category);
        WireMap.WriteInteger(ref writer, "eventId"u8, value.EventId);
        WireMap.WriteText(ref writer, "eventName"u8, value.EventName);
        WireMap.WriteText(ref writer, "template"u8, value.Template);
        WireMap.WriteText(ref writer, "message"u8, value.Message);
        writer.WriteName("properties"u8);
        writer.BeginArray(value.Properties.Count);
        foreach (LogProperty item in value.Properties)
        {
            Write(ref writer, item);
        }

        writer.EndArray();
        WireMap.WriteText(ref writer, "exception"u8, value.Exception);
        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped.</summary>
    public static LogEvent ReadLogEvent<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        DateTimeOffset at = default;
        int level = 0;
        string? category = null;
        int eventId = 0;
        string? eventName = null;
        string? template = null;
        string? message = null;
        List<LogProperty>? properties = null;
        string? exception = null;
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("at"u8))
            {
                at = reader.ReadDateTimeOffset();
            }
            else if (member.SequenceEqual("level"u8))
            {
                level = reader.ReadInt32();
            }
            else if (member.SequenceEqual("category"u8))
            {
                category = reader.ReadString();
            }
            else if (member.SequenceEqual("eventId"u8))
            {
                eventId = reader.ReadInt32();
            }
            else if (member.SequenceEqual("eventName"u8))
            {
                eventName = reader.ReadString();
            }
            else if (member.SequenceEqual("template"u8))
            {
                template = reader.ReadString();
            }
            else if (member.SequenceEqual("message"u8))
            {
                message = reader.ReadString();
            }
            else if (member.SequenceEqual("properties"u8))
            {
                properties = [];
                ValueScope propertiesScope = reader.BeginArray();
                while (reader.NextElement(ref propertiesScope))
                {
                    properties.Add(ReadLogProperty(ref reader));
                }
            }
            else if (member.SequenceEqual("exception"u8))
            {
                exception = reader.ReadString();
            }
            else
            {
                reader.Skip();
            }
        }

        return new LogEvent(
            at,
            level,
            WireMap.Required(category, nameof(LogEvent), "category"),
            eventId,
            eventName,
            template,
            WireMap.Required(message, nameof(LogEvent), "message"),
            WireMap.Required(properties, nameof(LogEvent), "properties"),
            exception);
    }

    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, LogProperty value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(3);
        WireMap.WriteText(ref writer, "name"u8, value.Name);
        WireMap.WriteText(ref writer, "value"u8, value.Value);
        WireMap.WriteInteger(ref writer, "kind"u8, (int)value.Kind);
        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped.</summary>
    public static LogProperty ReadLogProperty<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        string? name = null;
        string? value = null;
        LogValueKind kind = default;
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("name"u8))
            {
                name = reader.ReadString();
            }
            else if (member.SequenceEqual("value"u8))
            {
                value = reader.ReadString();
            }
            else if (member.SequenceEqual("kind"u8))
            {
                kind = (LogValueKind)reader.ReadInt32();
            }
            else
            {
                reader.Skip();
            }
        }

        return new LogProperty(WireMap.Required(name, nameof(LogProperty), "name"), value, kind);
    }

    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, DyingNotice value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(3);
        WireMap.WriteText(ref writer, "type"u8, value.Type);
        WireMap.WriteText(ref writer, "message"u8, value.Message);
        WireMap.WriteText(ref writer, "stack"u8, value.Stack);
        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped.</summary>
    public static DyingNotice ReadDyingNotice<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        string? type = null;
        string? message = null;
        string? stack = null;
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("type"u8))
            {
                type = reader.ReadString();
            }
            else if (member.SequenceEqual("message"u8))
            {
                message = reader.ReadString();
            }
            else if (member.SequenceEqual("stack"u8))
            {
                stack = reader.ReadString();
            }
            else
            {
                reader.Skip();
            }
        }

        return new DyingNotice(
            WireMap.Required(type, nameof(DyingNotice), "type"),
            WireMap.Required(message, nameof(DyingNotice), "message"),
            stack);
    }
}
