using System.Text.Json;
using System.Text.Json.Serialization;
using PluginHost.Runtime.Model;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Control;

/// <summary>A running host at one moment: what the control socket answers and what the last window's file holds. Immutable.</summary>
public sealed record RuntimeSnapshot
{
    /// <summary>When it was taken.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The host's process id.</summary>
    public required int Pid { get; init; }

    /// <summary>The plugins.</summary>
    public required IReadOnlyList<PluginStatus> Plugins { get; init; }

    /// <summary>The figures.</summary>
    public required StatsSnapshot Stats { get; init; }

    /// <summary>The last faults, oldest first.</summary>
    public required IReadOnlyList<FaultRecord> Faults { get; init; }

    /// <summary>The last restarts, oldest first.</summary>
    public required IReadOnlyList<RestartRecord> Restarts { get; init; }

    /// <summary>Writes it as one JSON document in UTF-8.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, RuntimeSnapshotJson.Default.RuntimeSnapshot);

    /// <summary>Reads one back.</summary>
    /// <exception cref="JsonException">It is not such a document.</exception>
    public static RuntimeSnapshot FromJson(ReadOnlySpan<byte> utf8) =>
        JsonSerializer.Deserialize(utf8, RuntimeSnapshotJson.Default.RuntimeSnapshot)
        ?? throw new JsonException("The document is null; expected a host's snapshot.");
}

/// <summary>The snapshot's JSON: camelCase members, enums as camelCase words.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RuntimeSnapshot))]
internal sealed partial class RuntimeSnapshotJson : JsonSerializerContext;
