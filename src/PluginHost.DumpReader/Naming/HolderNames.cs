using PluginHost.DumpReader.Memory;

namespace PluginHost.DumpReader.Naming;

/// <summary>Says what holds a plugin, in lines for a person. Pure.</summary>
internal static class HolderNames
{
    /// <summary>How many lines are given of one context; what is more is counted.</summary>
    public const int MostLines = 8;

    private static readonly HolderRule[] s_rules = [.. WaitRules.All, .. EventRules.All, .. CacheRules.All, .. PlaceRules.All];

    /// <summary>Names the holder that a chain shows.</summary>
    public static Holder Of(Chain chain)
    {
        HolderRule rule = s_rules.First(r => r.Applies(chain));
        return new Holder(rule.Kind, rule.What(chain), rule.Remedy, WayText.Of(chain));
    }

    /// <summary>Names the holder that a thread is.</summary>
    public static Holder Of(RunningThread thread)
    {
        string inside = thread.Inside.Length == 0 ? "" : $", inside {thread.Inside}";
        string way = $"{thread.Thread} -> {thread.Method}";
        return thread.Sort switch
        {
            ThreadSort.Pool => new Holder("blocked-pool-item", $"A thread of the pool ({thread.Thread}) is in {thread.Method}{inside}, and has not come back", "Await in place of blocking, and end when IPluginContext.Stopping is cancelled.", way),
            ThreadSort.Timer => new Holder("timer-callback", $"A timer's callback ({thread.Thread}) is in {thread.Method}{inside}, and has not come back", "Let it end when IPluginContext.Stopping is cancelled.", way),
            ThreadSort.Finalizer => new Holder("finalizer", $"The finalizer {thread.Method} does not end{inside}: no finalizer of the process runs any more", "Release things in DisposeAsync, and wait for nothing in a finalizer.", way),
            _ => new Holder("thread", $"A thread ({thread.Thread}) is in {thread.Method}{inside}", "Let it end when IPluginContext.Stopping is cancelled, and join it in DisposeAsync.", way),
        };
    }

    /// <summary>The lines of one context: threads first, then what objects tell, each holder once; local variables only where nothing else is known.</summary>
    public static IReadOnlyList<Holder> Select(IEnumerable<Holder> threads, IEnumerable<Holder> chains)
    {
        List<Holder> all = [.. threads.Concat(chains).DistinctBy(h => (h.Kind, h.What))];
        return Without(PlaceRules.Local, _ => true, Without(WaitRules.AsyncLocalKey, h => h.Kind == WaitRules.AsyncLocal, all));
    }

    /// <summary>What says less goes where there is what says more.</summary>
    private static List<Holder> Without(string kind, Predicate<Holder> better, List<Holder> all) =>
        all.Exists(h => h.Kind != kind && better(h)) ? [.. all.Where(h => h.Kind != kind)] : all;
}
