using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>What the host asks a worker to load, written and read.</summary>
internal static class LoadCodec
{
    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, LoadRequest value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(14 + (value.TempFolder is null ? 0 : 1) + (value.Known is null ? 0 : 1));
        WireMap.WriteText(ref writer, "pluginId"u8, value.PluginId);
        WireMap.WriteInteger(ref writer, "generation"u8, value.Generation);
        WireMap.WriteText(ref writer, "folder"u8, value.Folder);
        WireMap.WriteText(ref writer, "entry"u8, value.Entry);
        WireMap.WriteText(ref writer, "dataFolder"u8, value.DataFolder);
        WireMap.WriteText(ref writer, "settingsJson"u8, value.SettingsJson);
        writer.WriteName("contracts"u8);
        writer.BeginArray(value.Contracts.Count);
        foreach (ContractRequest item in value.Contracts)
        {
            Write(ref writer, item);
        }

        writer.EndArray();
        writer.WriteName("sharedAssemblies"u8);
        writer.BeginArray(value.SharedAssemblies.Count);
        foreach (SharedAssembly item in value.SharedAssemblies)
        {
            Write(ref writer, item);
        }

        writer.EndArray();
        WireMap.WriteInteger(ref writer, "startTimeoutMs"u8, value.StartTimeoutMilliseconds);
        writer.WriteName("services"u8);
        writer.BeginArray(value.Services.Count);
        foreach (ServiceOffer item in value.Services)
        {
            ServiceOfferCodec.Write(ref writer, item);
        }

        writer.EndArray();
        WireMap.WriteInteger(ref writer, "callTimeoutMs"u8, value.CallTimeoutMilliseconds);
        WireMap.WriteInteger(ref writer, "logLevel"u8, value.LeastLogLevel);
        writer.WriteName("rehearsal"u8);
        writer.WriteBoolean(value.IsRehearsal);
        writer.WriteName("ahead"u8);
        writer.WriteBoolean(value.IsAhead);
        if (value.TempFolder is { } temporary)
        {
            WireMap.WriteText(ref writer, "tempFolder"u8, temporary);
        }

        if (value.Known is { } known)
        {
            writer.WriteName("known"u8);
            LoadReplyCodec.Write(ref writer, known);
        }

        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped.</summary>
    public static LoadRequest ReadLoadRequest<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        string? pluginId = null;
        int generation = 0;
        string? folder = null;
        string? entry = null;
        string? dataFolder = null;
        string? settingsJson = null;
        List<ContractRequest>? contracts = null;
        List<SharedAssembly>? sharedAssemblies = null;
        int startTimeoutMilliseconds = 0;
        List<ServiceOffer> services = [];
        int callTimeoutMilliseconds = Timeout.Infinite;
        int? leastLogLevel = null;
        bool isRehearsal = false;
        bool isAhead = false;
        string? tempFolder = null;
        LoadedClass? known = null;
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("pluginId"u8))
            {
                pluginId = reader.ReadString();
            }
            else if (member.SequenceEqual("generation"u8))
            {
                generation = reader.ReadInt32();
            }
            else if (member.SequenceEqual("folder"u8))
            {
                folder = reader.ReadString();
            }
            else if (member.SequenceEqual("entry"u8))
            {
                entry = reader.ReadString();
            }
            else if (member.SequenceEqual("dataFolder"u8))
            {
                dataFolder = reader.ReadString();
            }
            else if (member.SequenceEqual("settingsJson"u8))
            {
                settingsJson = reader.ReadString();
            }
            else if (member.SequenceEqual("contracts"u8))
            {
                contracts = [];
                ValueScope contractsScope = reader.BeginArray();
                while (reader.NextElement(ref contractsScope))
                {
                    contracts.Add(ReadContractRequest(ref reader));
                }
            }
            else if (member.SequenceEqual("sharedAssemblies"u8))
            {
                sharedAssemblies = [];
                ValueScope sharedAssembliesScope = reader.BeginArray();
                while (reader.NextElement(ref sharedAssembliesScope))
                {
                    sharedAssemblies.Add(ReadSharedAssembly(ref reader));
                }
            }
            else if (member.SequenceEqual("startTimeoutMs"u8))
            {
                startTimeoutMilliseconds = reader.ReadInt32();
            }
            else if (member.SequenceEqual("services"u8))
            {
                ValueScope servicesScope = reader.BeginArray();
                while (reader.NextElement(ref servicesScope))
                {
                    services.Add(ServiceOfferCodec.Read(ref reader));
                }
            }
            else if (member.SequenceEqual("callTimeoutMs"u8))
            {
                callTimeoutMilliseconds = reader.ReadInt32();
            }
            else if (member.SequenceEqual("logLevel"u8))
            {
                leastLogLevel = reader.ReadInt32();
            }
            else if (member.SequenceEqual("rehearsal"u8))
            {
                isRehearsal = reader.ReadBoolean();
            }
            else if (member.SequenceEqual("ahead"u8))
            {
                isAhead = reader.ReadBoolean();
            }
            else if (member.SequenceEqual("tempFolder"u8))
            {
                tempFolder = reader.ReadString();
            }
            else if (member.SequenceEqual("known"u8))
            {
                known = LoadReplyCodec.ReadLoadedClass(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        LoadRequest request = new(
            WireMap.Required(pluginId, nameof(LoadRequest), "pluginId"),
            generation,
            WireMap.Required(folder, nameof(LoadRequest), "folder"),
            WireMap.Required(entry, nameof(LoadRequest), "entry"),
            WireMap.Required(dataFolder, nameof(LoadRequest), "dataFolder"),
            WireMap.Required(settingsJson, nameof(LoadRequest), "settingsJson"),
            WireMap.Required(contracts, nameof(LoadRequest), "contracts"),
            WireMap.Required(sharedAssemblies, nameof(LoadRequest), "sharedAssemblies"),
            startTimeoutMilliseconds,
            services,
            callTimeoutMilliseconds) { IsRehearsal = isRehearsal, IsAhead = isAhead, TempFolder = tempFolder, Known = known };
        return leastLogLevel is { } level ? request with { LeastLogLevel = level } : request;
    }

    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, ContractRequest value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(4);
        WireMap.WriteText(ref writer, "name"u8, value.Name);
        WireMap.WriteInteger(ref writer, "major"u8, value.Major);
        WireMap.WriteText(ref writer, "assembly"u8, value.Assembly);
        WireMap.WriteInteger(ref writer, "descriptor"u8, value.Descriptor);
        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped.</summary>
    public static ContractRequest ReadContractRequest<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        string? name = null;
        int major = 0;
        string? assembly = null;
        int descriptor = 0;
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("name"u8))
            {
                name = reader.ReadString();
            }
            else if (member.SequenceEqual("major"u8))
            {
                major = reader.ReadInt32();
            }
            else if (member.SequenceEqual("assembly"u8))
            {
                assembly = reader.ReadString();
            }
            else if (member.SequenceEqual("descriptor"u8))
            {
                descriptor = reader.ReadInt32();
            }
            else
            {
                reader.Skip();
            }
        }

        return new ContractRequest(
            WireMap.Required(name, nameof(ContractRequest), "name"),
            major,
            WireMap.Required(assembly, nameof(ContractRequest), "assembly")) { Descriptor = descriptor };
    }

    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, SharedAssembly value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(2);
        WireMap.WriteText(ref writer, "name"u8, value.Name);
        WireMap.WriteText(ref writer, "path"u8, value.Path);
        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped.</summary>
    public static SharedAssembly ReadSharedAssembly<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        string? name = null;
        string? path = null;
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("name"u8))
            {
                name = reader.ReadString();
            }
            else if (member.SequenceEqual("path"u8))
            {
                path = reader.ReadString();
            }
            else
            {
                reader.Skip();
            }
        }

        return new SharedAssembly(
            WireMap.Required(name, nameof(SharedAssembly), "name"),
            WireMap.Required(path, nameof(SharedAssembly), "path"));
    }
}
