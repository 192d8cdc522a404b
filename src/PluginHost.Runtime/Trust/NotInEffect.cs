using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Trust;

/// <summary>Says what a manifest or policy asks for that the chosen tier does not do, so that nobody relies on it. Pure.</summary>
internal static class NotInEffect
{
    /// <summary>One sentence for each thing asked for in vain.</summary>
    public static IEnumerable<string> List(PluginManifest manifest, PluginOverrides? overrides, PluginTier tier)
    {
        var asked = Overrides.Apply(manifest, overrides);
        if (tier == PluginTier.InProcess)
        {
            yield return "In-process, a synchronous call runs on the caller's thread and cannot be timed out: past \"callTimeout\" it is reported, and its thread counts as lost until it returns. An asynchronous call has that time from its first suspension on.";
            yield return "In-process the plugin has the application's own memory, processors, threads, descriptors and network: none of \"memory\", \"cpu\", \"threads\", \"concurrency\", \"queue\" and \"message\" bounds it, and its crash is the application's.";
        }

        if (Names(asked, tier).ToList() is { Count: > 0 } limits)
        {
            yield return tier == PluginTier.InProcess
                ? $"Not enforced in-process: {string.Join(", ", limits)}."
                : $"Not enforced in the process tier of this release: {string.Join(", ", limits)}.";
        }

        if (asked.Workers > 1 && tier == PluginTier.InProcess)
        {
            yield return $"\"workers\": {asked.Workers} is not in effect in-process: one instance runs.";
        }

        if (asked.Isolation == IsolationMode.PerCall && tier == PluginTier.InProcess)
        {
            yield return "\"isolation\": \"per-call\" is not in effect in-process: calls share the instance.";
        }

        if (tier == PluginTier.InProcess && (asked.Recycle.Memory is not null || asked.Recycle.MemoryHard is not null))
        {
            yield return "\"recycle\" by memory is not in effect in-process: the memory is the application's. By calls and age it is.";
        }

        if (!asked.Unloadable && tier == PluginTier.InProcess && (asked.Recycle.Calls is not null || asked.Recycle.Age is not null))
        {
            yield return "\"recycle\" is not in effect: it is pinned (\"unloadable\": false), and no new generation can take its place in-process.";
        }

        if (Asks(manifest.Permissions) || Asks(asked.Permissions))
        {
            yield return $"\"permissions\" are not in effect in this release: the plugin reaches whatever the {(tier == PluginTier.InProcess ? "application" : "host's user")} can reach.";
        }
    }

    private static IEnumerable<string> Names(PluginManifest asked, PluginTier tier)
    {
        var usual = new PluginLimits();
        (string Name, bool Set, bool Everywhere)[] limits =
        [
            ("memory", asked.Limits.Memory is not null, true),
            ("cpu", asked.Limits.Cpu is not null, true),
            ("threads", asked.Limits.Threads is not null, true),
            ("idleTimeout", asked.Limits.IdleTimeout is not null, true),
            ("concurrency", asked.Limits.Concurrency != usual.Concurrency, false),
            ("queue", asked.Limits.Queue != usual.Queue, false),
            ("message", asked.Limits.Message != usual.Message, false),
        ];
        return limits.Where(l => l.Set && (l.Everywhere || tier == PluginTier.InProcess)).Select(l => $"\"{l.Name}\"");
    }

    private static bool Asks(PluginPermissions permissions) =>
        permissions.Network || permissions.Read.Count > 0 || permissions.Write.Count > 0 || permissions.Env.Count > 0;
}
