using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using PluginHost.Cli.Checks;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Loading;
using PluginHost.Runtime.Model;

namespace PluginHost.Cli.Output;

/// <summary>Writes the tool's documents: camelCase members and words, nulls written, so that a document's shape never changes.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    Converters =
    [
        typeof(CamelCaseWord<PluginTier>),
        typeof(CamelCaseWord<FaultKind>),
        typeof(CamelCaseWord<TrustLevel>),
        typeof(CamelCaseWord<PluginState>),
        typeof(CamelCaseWord<IsolationMode>),
        typeof(CamelCaseWord<WorkerState>),
        typeof(CamelCaseWord<Severity>),
        typeof(CamelCaseWord<HostileTo>),
        typeof(CamelCaseWord<AssemblyOrigin>),
        typeof(CamelCaseWord<AssemblyState>),
        typeof(CamelCaseWord<AssemblyProblemKind>),
    ])]
[JsonSerializable(typeof(ErrorDocument))]
[JsonSerializable(typeof(DemoDocument))]
[JsonSerializable(typeof(ListDocument))]
[JsonSerializable(typeof(ResetDocument))]
[JsonSerializable(typeof(StatsDocument))]
[JsonSerializable(typeof(FaultsDocument))]
[JsonSerializable(typeof(RunDocument))]
[JsonSerializable(typeof(CallDocument))]
[JsonSerializable(typeof(InspectDocument))]
[JsonSerializable(typeof(CheckDocument))]
[JsonSerializable(typeof(ProbeDocument))]
[JsonSerializable(typeof(TaxDocument))]
[JsonSerializable(typeof(PayloadDocument))]
[JsonSerializable(typeof(StartDocument))]
[JsonSerializable(typeof(CrashDocument))]
internal sealed partial class ToolJson : JsonSerializerContext
{
    /// <summary>With text beyond ASCII as it is: the document goes to a pipe or a terminal, never into a page.</summary>
    public static ToolJson Plain =>
        field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>Enum values as camelCase text.</summary>
/// <typeparam name="T">The enum.</typeparam>
internal sealed class CamelCaseWord<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;
