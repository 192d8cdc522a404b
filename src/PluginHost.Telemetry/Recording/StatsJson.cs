using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using PluginHost.Contracts.Faults;

namespace PluginHost.Telemetry.Recording;

/// <summary>Writes and reads the records of this room as JSON: camelCase members and enums, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 32,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(CamelCaseEnum<PluginTier>), typeof(CamelCaseEnum<FaultKind>)])]
[JsonSerializable(typeof(StatsSnapshot))]
[JsonSerializable(typeof(JournalLine))]
internal sealed partial class StatsJson : JsonSerializerContext
{
    /// <summary>With text beyond ASCII written as it is: the files are UTF-8 and never part of a page.</summary>
    public static StatsJson Plain =>
        field ??= new(new JsonSerializerOptions(Default.Options!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>A line of the journal: one of the two.</summary>
internal sealed record JournalLine
{
    /// <summary>A fault entry, or null.</summary>
    public FaultRecord? Fault { get; init; }

    /// <summary>A restart, or null.</summary>
    public RestartRecord? Restart { get; init; }
}

/// <summary>Enum values as text in camelCase; numbers are refused.</summary>
/// <typeparam name="T">The enum.</typeparam>
internal sealed class CamelCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;
