namespace PluginHost.Runtime.Resilience;

/// <summary>What the host sees of a worker at one look.</summary>
/// <param name="SinceLastLook">The time since the look before.</param>
/// <param name="IsWaiting">Calls are not answered, those included whose callers have given up.</param>
/// <param name="WasHeard">Something has come from the worker since the look before: a heartbeat, an answer, anything.</param>
/// <param name="Overdue">How long the worst call goes on after its time had ended and it was asked to stop; zero where there is none.</param>
internal readonly record struct HangSigns(TimeSpan SinceLastLook, bool IsWaiting, bool WasHeard, TimeSpan Overdue);

/// <summary>What one look leaves for the next. The start is <see langword="default"/>.</summary>
/// <param name="WasWaiting">Calls were pending.</param>
/// <param name="Silence">For how long nothing has come while calls were pending.</param>
/// <param name="IsUnresponsive">The plugin was found unresponsive and has not recovered.</param>
internal readonly record struct HangState(bool WasWaiting, TimeSpan Silence, bool IsUnresponsive);

/// <summary>What a look comes to.</summary>
internal enum HangVerdict
{
    /// <summary>Nothing to do: idle, busy, or silent for a short time.</summary>
    Well,

    /// <summary>It became unresponsive.</summary>
    Unresponsive,

    /// <summary>It was unresponsive and is so no more.</summary>
    Recovered,

    /// <summary>Dead: no sign of life for too long.</summary>
    TerminateSilent,

    /// <summary>Alive, and a call goes on for too long after its time.</summary>
    TerminateOverdue,
}

/// <summary>
/// Tells a busy worker from a hung one. Busy is a worker that gives signs of life, whatever its calls and its pool do, within the calls' own time; hung
/// is one that gives none, or does not let go of a call whose time has long ended. Pure functions.
/// </summary>
internal static class HangPolicy
{
    /// <summary>Looks once.</summary>
    /// <param name="state">What the look before left.</param>
    /// <param name="signs">What is seen now.</param>
    /// <param name="options">The limits.</param>
    /// <param name="allowance">Added to both limits: for a peer that may be silent for as long as one of its calls.</param>
    public static (HangState State, HangVerdict Verdict) Look(HangState state, in HangSigns signs, HangOptions options, TimeSpan allowance = default)
    {
        if (!signs.IsWaiting)
        {
            return (default, state.IsUnresponsive ? HangVerdict.Recovered : HangVerdict.Well);
        }

        // A host that was stopped itself, or had no processor, did not listen: such a gap counts as two looks at most.
        TimeSpan passed = signs.SinceLastLook < 2 * options.Heartbeat ? signs.SinceLastLook : 2 * options.Heartbeat;
        TimeSpan silence = signs.WasHeard || !state.WasWaiting ? TimeSpan.Zero : state.Silence + passed;
        if (IsOver(silence, options.TerminateAfter, allowance))
        {
            return (new HangState(true, silence, true), HangVerdict.TerminateSilent);
        }

        if (IsOver(signs.Overdue, options.TerminateAfter, allowance))
        {
            return (new HangState(true, silence, true), HangVerdict.TerminateOverdue);
        }

        bool isUnresponsive = IsOver(silence, options.UnresponsiveAfter, allowance) || IsOver(signs.Overdue, options.UnresponsiveAfter, allowance);
        HangVerdict verdict = isUnresponsive == state.IsUnresponsive ? HangVerdict.Well : isUnresponsive ? HangVerdict.Unresponsive : HangVerdict.Recovered;
        return (new HangState(true, silence, isUnresponsive), verdict);
    }

    /// <summary>
    /// How long a call goes on too long: both since it was asked to stop, and since its own time ended, so that a caller who changes his mind does not
    /// shorten the time of a call that takes no notice.
    /// </summary>
    /// <param name="running">How long it has been running.</param>
    /// <param name="askedToStop">How long ago it was asked to stop; null where it was not.</param>
    /// <param name="timeout">The time it had.</param>
    public static TimeSpan Overdue(TimeSpan running, TimeSpan? askedToStop, TimeSpan timeout)
    {
        if (askedToStop is not { } asked || timeout == Timeout.InfiniteTimeSpan || running <= timeout)
        {
            return TimeSpan.Zero;
        }

        return asked < running - timeout ? asked : running - timeout;
    }

    private static bool IsOver(TimeSpan time, TimeSpan limit, TimeSpan allowance) =>
        limit != Timeout.InfiniteTimeSpan && allowance != Timeout.InfiniteTimeSpan && time >= limit + allowance;
}
