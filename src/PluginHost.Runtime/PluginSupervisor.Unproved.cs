using System.Collections.Immutable;
using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime;

/// <summary>
/// The part that follows generations which were unloaded in-process until the application's own collections have proved them gone, whatever runs in
/// their place by then. It forces nothing; one that stays too long counts as leaked, once. Any thread.
/// </summary>
internal sealed partial class PluginSupervisor
{
    private const int MostHoldersTold = 5;
    private const string StayedWhenForced = "Its load context stayed in memory after it was unloaded, and after forced collections.";
    private static readonly TimeSpan s_firstProof = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_longestProof = TimeSpan.FromSeconds(15);
    private ImmutableList<UnprovedUnload> _unproved = [];

    /// <summary>Generations that were unloaded and are not proved gone, oldest first.</summary>
    public IReadOnlyList<UnprovedUnload> Unproved => Volatile.Read(ref _unproved);

    /// <summary>What a person should know of them, in words.</summary>
    private IEnumerable<string> UnprovedReasons
    {
        get
        {
            PluginView view = View;
            ILookup<bool, UnprovedUnload> unproved = Unproved.Where(u => u.IsLeak || u.Generation != view.Generation).ToLookup(u => u.IsLeak);
            if (unproved[false].ToArray() is { Length: > 0 } pending)
            {
                yield return $"Generation {Numbers(pending)} was unloaded and is not yet proved gone from memory; a collection of the application proves it. Since {pending[0].Since.UtcDateTime:u}.";
            }

            if (unproved[true].ToArray() is { Length: > 0 } leaked)
            {
                yield return $"Generation {Numbers(leaked)} was unloaded and leaked: something still refers to it. Since {leaked[0].Since.UtcDateTime:u}.";
            }
        }
    }

    /// <summary>Hears of a generation that did not start, and was unloaded again.</summary>
    public void TakenDown(IPluginInstance instance, UnloadResult result)
    {
        FollowUnload(instance, result);
        if (result.Outcome is UnloadOutcome.Leaked or UnloadOutcome.TimedOut)
        {
            _commands.Writer.TryWrite(new Command.LeftBehind(instance.Generation, result));
        }
    }

    private void FollowUnload(IPluginInstance instance, UnloadResult result)
    {
        if (result.Outcome == UnloadOutcome.Leaked)
        {
            RecordLeak(instance.Generation, StayedWhenForced, result.Holders);
        }

        if (result.Outcome == UnloadOutcome.Unloaded || !instance.MayLinger)
        {
            return;
        }

        UnprovedUnload unproved = new(instance.Generation, Clock.GetUtcNow(), result.Outcome == UnloadOutcome.Leaked, result.AbandonedCalls);
        ImmutableInterlocked.Update(ref _unproved, static (all, one) => all.Add(one), unproved);
        _ = FollowUnloadAsync(instance, result, _settings.Collections());
    }

    private async Task FollowUnloadAsync(IPluginInstance instance, UnloadResult result, int first)
    {
        int counted = first;
        bool hasCleared = false;
        long began = Clock.GetTimestamp();
        for (TimeSpan pause = s_firstProof; ; pause = pause * 2 < s_longestProof ? pause * 2 : s_longestProof)
        {
            await Task.Delay(pause, Clock, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_closing.IsCancellationRequested)
            {
                return;
            }

            int collections = _settings.Collections();
            TimeSpan after = Clock.GetElapsedTime(began);
            if ((await instance.LookAsync().ConfigureAwait(false)).Outcome == UnloadOutcome.Unloaded)
            {
                Proved(instance.Generation, after, collections - first);
                return;
            }

            if (IsLeak(instance.Generation))
            {
                continue;
            }

            switch (UnloadPatience.Next(_settings.Unload, collections - counted, after, hasCleared))
            {
                case UnloadStep.ClearCaches:
                    hasCleared = true;
                    counted = collections;
                    Log.CachesCleared(_log, Plugin.Id, instance.Generation, collections - first);
                    foreach (string fault in _settings.ClearCaches())
                    {
                        Log.CacheNotCleared(_log, Plugin.Id, instance.Generation, fault);
                    }

                    break;

                case UnloadStep.Leaked:
                    await CountAsLeakedAsync(instance, result, after, collections - first).ConfigureAwait(false);
                    break;
            }
        }
    }

    private void Proved(int generation, TimeSpan after, int collections)
    {
        ImmutableInterlocked.Update(ref _unproved, static (all, gone) => all.RemoveAll(u => u.Generation == gone), generation);
        _machine.TryProved(generation, View.Reason);
        Log.UnloadProved(_log, Plugin.Id, generation, after, collections);
        _settings.Recorder.Unloaded(Plugin.Id, generation, isGone: true, after, collections);
    }

    private async Task CountAsLeakedAsync(IPluginInstance instance, UnloadResult result, TimeSpan after, int collections)
    {
        IReadOnlyList<string> holders = await instance.NameHoldersAsync(_closing.Token).ConfigureAwait(false);
        string calls = result.AbandonedCalls > 0 ? string.Create(CultureInfo.InvariantCulture, $" {result.AbandonedCalls} call(s) were still inside.") : "";
        string? faultId = TellLeak(
            instance.Generation,
            string.Create(CultureInfo.InvariantCulture, $"Its load context is still in memory {after:c} and {collections} collections after it was unloaded.{calls}"),
            holders);
        _settings.Recorder.Unloaded(Plugin.Id, instance.Generation, isGone: false, after, collections, faultId);
        if (result.Outcome == UnloadOutcome.Pending)
        {
            // One that calls did not come out of was counted when it was stopped.
            _commands.Writer.TryWrite(new Command.LeftBehind(instance.Generation, new UnloadResult(UnloadOutcome.Leaked, 0, holders)));
        }
    }

    /// <summary>Records that a generation leaked, and marks it so where it is followed.</summary>
    /// <returns>The id of the record.</returns>
    private string? TellLeak(int generation, string what, IReadOnlyList<string> holders)
    {
        ImmutableInterlocked.Update(
            ref _unproved,
            static (all, leaked) => [.. all.Select(u => u.Generation == leaked ? u with { IsLeak = true } : u)],
            generation);
        return RecordLeak(generation, what, holders);
    }

    private string? RecordLeak(int generation, string what, IReadOnlyList<string> holders)
    {
        string held = holders.Count switch
        {
            0 => "",
            <= MostHoldersTold => $" Held by: {string.Join(" | ", holders)}",
            _ => string.Create(CultureInfo.InvariantCulture, $" Held by: {string.Join(" | ", holders.Take(MostHoldersTold))} | and {holders.Count - MostHoldersTold} more"),
        };
        Log.UnloadLeaked(_log, Plugin.Id, generation, what + held);

        // The plugin may run out of process by now.
        return Observer.Fault(Describe(null, FaultKind.UnloadLeak, what + held) with
        {
            Generation = generation,
            Tier = PluginTier.InProcess,
            WorkerPid = null,
        });
    }

    private bool IsLeak(int generation) => Unproved.Any(u => u.Generation == generation && u.IsLeak);

    private static string Numbers(IEnumerable<UnprovedUnload> unproved) =>
        string.Join(", ", unproved.Select(u => u.Generation.ToString(CultureInfo.InvariantCulture)));
}
