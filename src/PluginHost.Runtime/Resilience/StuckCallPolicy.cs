using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime.Resilience;

/// <summary>One call on one thread: while it is inside, no other has these three.</summary>
/// <param name="ThreadId">The operating system's thread id.</param>
/// <param name="Slot">The method's slot.</param>
/// <param name="Entered">Which call of that slot on that thread.</param>
internal readonly record struct CallKey(int ThreadId, int Slot, long Entered);

/// <summary>What is known of one call that was inside at a look.</summary>
/// <param name="Running">For how long at least: since the look at which it was seen first.</param>
/// <param name="IsTold">It was found stuck before.</param>
internal readonly record struct SeenCall(TimeSpan Running, bool IsTold);

/// <summary>A call that was found stuck.</summary>
/// <param name="Call">The call.</param>
/// <param name="Running">For how long at least it has been inside.</param>
/// <param name="IsCertain">False where the thread is inside of several methods and nobody can tell which of them it is in now.</param>
internal readonly record struct StuckFinding(CallKey Call, TimeSpan Running, bool IsCertain);

/// <summary>What one look comes to.</summary>
/// <param name="Seen">What is inside, for the next look.</param>
/// <param name="Stuck">Calls that are stuck from now on.</param>
/// <param name="Returned">Calls that were, and have returned after all.</param>
internal sealed record StuckLook(IReadOnlyDictionary<CallKey, SeenCall> Seen, IReadOnlyList<StuckFinding> Stuck, IReadOnlyList<CallKey> Returned)
{
    /// <summary>Before the first look.</summary>
    public static StuckLook None { get; } = new(new Dictionary<CallKey, SeenCall>(), [], []);
}

/// <summary>
/// Tells calls that hold their thread for too long from those that are merely there at each look. Of several methods on one thread only the innermost can be
/// stuck: the others wait for it. Pure functions.
/// </summary>
internal static class StuckCallPolicy
{
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(1);

    /// <summary>The pause until the next look.</summary>
    /// <param name="shortestTime">The shortest time that a call has; <see cref="Timeout.InfiniteTimeSpan"/> where none is bounded.</param>
    /// <param name="options">The bounds.</param>
    public static TimeSpan Pause(TimeSpan shortestTime, StuckCallOptions options)
    {
        if (shortestTime == Timeout.InfiniteTimeSpan || shortestTime / 4 > s_longestPause)
        {
            return s_longestPause;
        }

        return shortestTime / 4 < options.ShortestPause ? options.ShortestPause : shortestTime / 4;
    }

    /// <summary>Looks once.</summary>
    /// <param name="before">What the look before came to.</param>
    /// <param name="threads">What the threads are inside of now.</param>
    /// <param name="passed">The time since the look before.</param>
    /// <param name="pause">The pause that was meant to lie between: a host that was stopped itself counts as two of them at most.</param>
    /// <param name="timeOf">The time that a call of a slot has; null for a slot that is no plugin's method, <see cref="Timeout.InfiniteTimeSpan"/> for no bound.</param>
    public static StuckLook Look(StuckLook before, IReadOnlyList<ThreadActivity> threads, TimeSpan passed, TimeSpan pause, Func<int, TimeSpan?> timeOf)
    {
        TimeSpan counted = passed < 2 * pause ? passed : 2 * pause;
        Dictionary<CallKey, SeenCall> seen = [];
        List<StuckFinding> stuck = [];
        foreach (ThreadActivity thread in threads)
        {
            foreach ((int slot, long entered) in thread.Inside)
            {
                CallKey key = new(thread.ThreadId, slot, entered);
                seen[key] = before.Seen.TryGetValue(key, out SeenCall known) ? known with { Running = known.Running + counted } : default;
            }

            CallKey[] innermost = Innermost(thread, seen);
            foreach (CallKey call in innermost)
            {
                SeenCall now = seen[call];
                if (!now.IsTold && timeOf(call.Slot) is { } time && time != Timeout.InfiniteTimeSpan && now.Running >= time)
                {
                    seen[call] = now with { IsTold = true };
                    stuck.Add(new StuckFinding(call, now.Running, innermost.Length == 1));
                }
            }
        }

        return new StuckLook(seen, stuck, [.. before.Seen.Where(s => s.Value.IsTold && !seen.ContainsKey(s.Key)).Select(s => s.Key)]);
    }

    /// <summary>The calls that a thread may be in now: the one entered last where it is still inside, else those that came inside last.</summary>
    private static CallKey[] Innermost(ThreadActivity thread, Dictionary<CallKey, SeenCall> seen)
    {
        CallKey[] inside = [.. thread.Inside.Select(i => new CallKey(thread.ThreadId, i.Slot, i.Entered))];
        CallKey[] last = [.. inside.Where(i => i.Slot == thread.LastEntered)];
        if (last.Length > 0 || inside.Length <= 1)
        {
            return last.Length > 0 ? last : inside;
        }

        TimeSpan shortest = inside.Min(i => seen[i].Running);
        return [.. inside.Where(i => seen[i].Running == shortest)];
    }
}
