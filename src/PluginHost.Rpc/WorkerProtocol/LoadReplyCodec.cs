using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>What a worker answers to loading and to stopping, written and read.</summary>
internal static class LoadReplyCodec
{
    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, LoadReply value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(value.Found is null ? 1 : 2);
        writer.WriteName("contracts"u8);
        writer.BeginArray(value.Contracts.Count);
        foreach (LoadedContract item in value.Contracts)
        {
            Write(ref writer, item);
        }

        writer.EndArray();
        if (value.Found is { } found)
        {
            writer.WriteName("found"u8);
            Write(ref writer, found);
        }

        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped.</summary>
    public static LoadReply ReadLoadReply<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        List<LoadedContract>? contracts = null;
        LoadedClass? found = null;
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("contracts"u8))
            {
                contracts = [];
                ValueScope contractsScope = reader.BeginArray();
                while (reader.NextElement(ref contractsScope))
                {
                    contracts.Add(ReadLoadedContract(ref reader));
                }
            }
            else if (member.SequenceEqual("found"u8))
            {
                found = ReadLoadedClass(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return new LoadReply(WireMap.Required(contracts, nameof(LoadReply), "contracts")) { Found = found };
    }

    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, LoadedClass value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(2);
        WireMap.WriteText(ref writer, "name"u8, value.Name);
        WireMap.WriteInteger(ref writer, "constructor"u8, value.Constructor);
        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped.</summary>
    public static LoadedClass ReadLoadedClass<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        string? name = null;
        int constructor = 0;
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("name"u8))
            {
                name = reader.ReadString();
            }
            else if (member.SequenceEqual("constructor"u8))
            {
                constructor = reader.ReadInt32();
            }
            else
            {
                reader.Skip();
            }
        }

        return new LoadedClass(WireMap.Required(name, nameof(LoadedClass), "name"), constructor);
    }

    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, LoadedContract value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(2);
        WireMap.WriteText(ref writer, "name"u8, value.Name);
        WireMap.WriteTexts(ref writer, "methods"u8, value.Methods);
        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped.</summary>
    public static LoadedContract ReadLoadedContract<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        string? name = null;
        string[]? methods = null;
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("name"u8))
            {
                name = reader.ReadString();
            }
            else if (member.SequenceEqual("methods"u8))
            {
                methods = WireMap.ReadTexts(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return new LoadedContract(
            WireMap.Required(name, nameof(LoadedContract), "name"),
            WireMap.Required(methods, nameof(LoadedContract), "methods"));
    }

    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, StopReply value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(1);
        WireMap.WriteInteger(ref writer, "abandonedCalls"u8, value.AbandonedCalls);
        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped.</summary>
    public static StopReply ReadStopReply<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        int abandonedCalls = 0;
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("abandonedCalls"u8))
            {
                abandonedCalls = reader.ReadInt32();
            }
            else
            {
                reader.Skip();
            }
        }

        return new StopReply(abandonedCalls);
    }
}
