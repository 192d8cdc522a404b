using System.Text.Json;
using PluginHost.Contracts.Faults;
using PluginHost.Loading;
using PluginHost.Runtime.Model;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Cli.Output;

/// <summary>What <c>demo --json</c> prints.</summary>
internal sealed record DemoDocument(
    IReadOnlyList<PluginLine> Plugins,
    IReadOnlyList<CallLine> Calls,
    IReadOnlyList<FaultLine> Faults,
    IReadOnlyList<RestartLine> Restarts,
    IReadOnlyList<TierLine> Tiers,
    IReadOnlyList<CheckLine> Checks);

/// <summary>Something the demo promised to show, and whether it did.</summary>
internal sealed record CheckLine(string Name, bool Ok, string Detail);

/// <summary>Where figures come from: a running host, or the last window that one recorded.</summary>
internal sealed record SourceLine(string StateFolder, bool Running, int Pid, DateTimeOffset At, double AgeSeconds);

/// <summary>What <c>list --json</c> prints; without a source where no host runs and the folder itself was read.</summary>
internal sealed record ListDocument(SourceLine? Source, IReadOnlyList<PluginLine> Plugins);

/// <summary>What <c>reset --json</c> prints; without a source where no host runs.</summary>
/// <param name="Source">The host.</param>
/// <param name="Lifted">Why the plugin had been demoted; null where it had not.</param>
/// <param name="Plugin">The plugin afterwards.</param>
internal sealed record ResetDocument(SourceLine? Source, string? Lifted, PluginLine Plugin);

/// <summary>What <c>stats --json</c> prints.</summary>
internal sealed record StatsDocument(
    SourceLine Source, double WindowSeconds, IReadOnlyList<PluginStats> Plugins, IReadOnlyList<TierStats> Tiers, IReadOnlyList<PluginWorkersLine> Workers);

/// <summary>The workers of a plugin.</summary>
internal sealed record PluginWorkersLine(string Plugin, IReadOnlyList<WorkerStatus> Workers);

/// <summary>What <c>faults --json</c> prints.</summary>
internal sealed record FaultsDocument(SourceLine Source, IReadOnlyList<FaultLine> Faults, IReadOnlyList<RestartLine> Restarts);

/// <summary>What <c>run --json</c> prints once the plugins have started and the calls were made.</summary>
internal sealed record RunDocument(
    string StateFolder, int Pid, IReadOnlyList<PluginLine> Plugins, IReadOnlyList<CallLine> Calls);

/// <summary>What <c>call --json</c> prints.</summary>
internal sealed record CallDocument(string Plugin, string Method, PluginTier? Tier, double Microseconds, JsonElement Result);

/// <summary>What <c>inspect --json</c> prints; without a source where no host runs, and <see cref="Plugin"/> is the plugin as it would start.</summary>
internal sealed record InspectDocument(
    SourceLine? Source,
    PluginLine Plugin,
    PluginManifest? Manifest,
    Placement Placement,
    string? ContentHash,
    JsonElement? Rule,
    string SourceFolder,
    string? StoreFolder,
    string? DataFolder,
    IReadOnlyList<LoadedAssembly> Assemblies,
    IReadOnlyList<AssemblyProblem> AssemblyProblems,
    UnloadLine? Unload);

/// <summary>What became of a plugin that was loaded and unloaded to see whether it lets go.</summary>
/// <param name="Result"><c>unloaded</c>, <c>leaked</c>, <c>timedOut</c> or <c>pending</c>.</param>
/// <param name="Holders">What still holds it, where known.</param>
/// <param name="Milliseconds">How long the stop and the proof took.</param>
/// <param name="HeapMiB">The managed heap afterwards.</param>
internal sealed record UnloadLine(string Result, IReadOnlyList<string> Holders, double Milliseconds, double HeapMiB);
