using PluginHost.Contracts.Faults;

namespace PluginHost.Telemetry.Recording;

/// <summary>Something that happened to a plugin. Plain data; immutable.</summary>
/// <param name="At">When.</param>
/// <param name="PluginId">The plugin's id; empty where it concerns no single one.</param>
public abstract record PluginEvent(DateTimeOffset At, string PluginId);

/// <summary>A fault entry began, or the rest of a coalesced one is known: <see cref="FaultRecord.Count"/> is of the incidents not told before.</summary>
/// <param name="Fault">The entry.</param>
public sealed record FaultEvent(FaultRecord Fault) : PluginEvent(Fault.At, Fault.PluginId);

/// <summary>A plugin was restarted.</summary>
/// <param name="Restart">The restart.</param>
public sealed record RestartEvent(RestartRecord Restart) : PluginEvent(Restart.At, Restart.PluginId);

/// <summary>A plugin's state changed.</summary>
/// <param name="At">When.</param>
/// <param name="PluginId">The plugin's id.</param>
/// <param name="Tier">Where it runs, or null where it runs nowhere.</param>
/// <param name="State">The new state's name, as in <c>list</c>.</param>
/// <param name="Generation">The generation; 0 where there was none yet.</param>
/// <param name="Reason">Why, in words, or null.</param>
/// <param name="FaultId">The id of the fault record that led to it, or null.</param>
public sealed record LifecycleEvent(
    DateTimeOffset At, string PluginId, PluginTier? Tier, string State, int Generation, string? Reason, string? FaultId = null)
    : PluginEvent(At, PluginId);

/// <summary>What became of a generation that was unloaded in-process and was not proved gone at once. A generation that counts as leaked may still go.</summary>
/// <param name="At">When that was seen.</param>
/// <param name="PluginId">The plugin's id.</param>
/// <param name="Generation">The generation.</param>
/// <param name="IsGone">True where a collection has proved it gone; false where it counts as leaked.</param>
/// <param name="After">Time since it was asked to unload.</param>
/// <param name="Collections">Collections of the oldest generation since then.</param>
/// <param name="FaultId">The id of the fault record that says so; null where it is gone.</param>
public sealed record UnloadEvent(
    DateTimeOffset At, string PluginId, int Generation, bool IsGone, TimeSpan After, int Collections, string? FaultId = null)
    : PluginEvent(At, PluginId);

/// <summary>A reader of events was too slow: the oldest that waited for it were dropped, these many since the last event it read.</summary>
/// <param name="At">When that was noticed.</param>
/// <param name="Count">How many.</param>
public sealed record EventsMissed(DateTimeOffset At, long Count) : PluginEvent(At, "");

/// <summary>One restart of a plugin. Immutable.</summary>
/// <param name="At">When the new generation took its first call or was ready for it.</param>
/// <param name="PluginId">The plugin's id.</param>
/// <param name="Tier">Where it runs.</param>
/// <param name="Cause">Why, in one or two words, such as <c>crash</c> or <c>reload</c>.</param>
/// <param name="FromGeneration">The generation that ended.</param>
/// <param name="ToGeneration">The generation that began.</param>
/// <param name="Milliseconds">From the old one's end to the new one's readiness, in milliseconds.</param>
public sealed record RestartRecord(
    DateTimeOffset At, string PluginId, PluginTier Tier, string Cause, int FromGeneration, int ToGeneration, double Milliseconds);
