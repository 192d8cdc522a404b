using System.Text.Json;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>Tells a program of any language which plugin it is. It may answer that it knows no such method.</summary>
/// <param name="PluginId">The plugin's id.</param>
/// <param name="Version">The plugin's version.</param>
/// <param name="Generation">The number of this start.</param>
/// <param name="Folder">The plugin's folder, absolute.</param>
/// <param name="DataFolder">The plugin's data folder, absolute.</param>
/// <param name="Settings">The plugin's settings: a JSON object.</param>
/// <param name="Contracts">The contracts to offer, with the wire names that will be called.</param>
/// <param name="Services">The contracts of the host that it asked to call, granted or refused.</param>
/// <param name="StartTimeoutMilliseconds">How long the answer may take.</param>
public sealed record ProgramStart(
    string PluginId,
    string Version,
    int Generation,
    string Folder,
    string DataFolder,
    JsonElement Settings,
    IReadOnlyList<ProgramContract> Contracts,
    IReadOnlyList<ProgramService> Services,
    int StartTimeoutMilliseconds);

/// <summary>A contract that a program is to offer.</summary>
/// <param name="Name">The interface's full name.</param>
/// <param name="Major">The major version.</param>
/// <param name="Methods">The wire names of its methods.</param>
public sealed record ProgramContract(string Name, int Major, IReadOnlyList<string> Methods);

/// <summary>A contract of the host that a program asked to call.</summary>
/// <param name="Name">The interface's full name.</param>
/// <param name="Major">The major version.</param>
/// <param name="Methods">The wire names of its methods.</param>
/// <param name="Refusal">Why it may not call it; null where it may.</param>
public sealed record ProgramService(string Name, int Major, IReadOnlyList<string> Methods, string? Refusal);

/// <summary>What a program answered when it was told to start.</summary>
/// <param name="Contracts">What it offers; null where it did not say.</param>
/// <param name="Arguments">How it wants the arguments of calls: a word of <see cref="ByName"/> and <see cref="ByPosition"/>; null where it did not say.</param>
public sealed record ProgramStarted(IReadOnlyList<LoadedContract>? Contracts, string? Arguments)
{
    /// <summary>The word for arguments in an array, which is what a program gets that says nothing.</summary>
    public const string ByPosition = "byPosition";

    /// <summary>The word for arguments in an object, under the names of the contract's parameters.</summary>
    public const string ByName = "byName";
}

/// <summary>Asks a program to start.</summary>
/// <param name="start">The message.</param>
public readonly struct ProgramStartCall(ProgramStart start) : ICall<ProgramStarted>
{
    /// <inheritdoc/>
    public static ContractMethod Method => WorkerControlContract.Load;

    /// <inheritdoc/>
    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.BeginMap(10);
        WireMap.WriteInteger(ref writer, "protocol"u8, WorkerProtocolVersion.Max);
        WireMap.WriteText(ref writer, "pluginId"u8, start.PluginId);
        WireMap.WriteText(ref writer, "version"u8, start.Version);
        WireMap.WriteInteger(ref writer, "generation"u8, start.Generation);
        WireMap.WriteText(ref writer, "folder"u8, start.Folder);
        WireMap.WriteText(ref writer, "dataFolder"u8, start.DataFolder);
        writer.WriteName("settings"u8);
        JsonTree.Write(ref writer, start.Settings);
        writer.WriteName("contracts"u8);
        writer.BeginArray(start.Contracts.Count);
        foreach (ProgramContract contract in start.Contracts)
        {
            writer.BeginMap(3);
            WireMap.WriteText(ref writer, "name"u8, contract.Name);
            WireMap.WriteInteger(ref writer, "major"u8, contract.Major);
            WireMap.WriteTexts(ref writer, "methods"u8, contract.Methods);
            writer.EndMap();
        }

        writer.EndArray();
        writer.WriteName("services"u8);
        writer.BeginArray(start.Services.Count);
        foreach (ProgramService service in start.Services)
        {
            writer.BeginMap(4);
            WireMap.WriteText(ref writer, "name"u8, service.Name);
            WireMap.WriteInteger(ref writer, "major"u8, service.Major);
            WireMap.WriteTexts(ref writer, "methods"u8, service.Methods);
            WireMap.WriteText(ref writer, "refusal"u8, service.Refusal);
            writer.EndMap();
        }

        writer.EndArray();
        WireMap.WriteInteger(ref writer, "startTimeoutMs"u8, start.StartTimeoutMilliseconds);
        writer.EndMap();
        writer.EndArray();
    }

    /// <inheritdoc/>
    public static ProgramStarted ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        List<LoadedContract>? contracts = null;
        string? form = null;
        if (reader.Peek() != ValueKind.Map)
        {
            reader.Skip();
            return new ProgramStarted(contracts, form);
        }

        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("arguments"u8) && reader.Peek() == ValueKind.String)
            {
                form = reader.ReadString();
                continue;
            }

            if (!member.SequenceEqual("contracts"u8) || reader.Peek() != ValueKind.Array)
            {
                reader.Skip();
                continue;
            }

            contracts = [];
            ValueScope array = reader.BeginArray();
            while (reader.NextElement(ref array))
            {
                contracts.Add(LoadReplyCodec.ReadLoadedContract(ref reader));
            }
        }

        return new ProgramStarted(contracts, form);
    }

    /// <inheritdoc/>
    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Asks a program to stop; what it answers does not matter.</summary>
/// <param name="drainMilliseconds">How long running calls may take to end.</param>
public readonly struct ProgramStopCall(int drainMilliseconds) : ICall<NoResult>
{
    /// <inheritdoc/>
    public static ContractMethod Method => WorkerControlContract.Stop;

    /// <inheritdoc/>
    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.WriteInt64(drainMilliseconds);
        writer.EndArray();
    }

    /// <inheritdoc/>
    public static NoResult ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        reader.Skip();
        return default;
    }

    /// <inheritdoc/>
    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}
