using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// The part that puts a generation in the place of a running one with no call failed: started beside it, asked whether it is well, swapped in; the
/// old one lets go of its calls and ends. Runs in the supervisor's loop only, but for what says so.
/// </summary>
internal sealed partial class PluginSupervisor
{
    // So many replaced generations may be letting go of their calls and leases; the next replacement waits for one of them.
    private const int MostReplaced = 4;
    private readonly Lock _reloadLock = new();
    private readonly List<Task> _replaced = [];
    private Command.Reload? _lastReload;
    private long _reloads;
    private Trial? _trial;
    private int _unproved;

    /// <summary>
    /// Runs what the folder holds now in the place of what runs. Where it cannot run, the old stays. One at a time: of several that are asked for at
    /// once the last is carried out, and all end with it. Any thread.
    /// </summary>
    /// <param name="prepare">Reads and places the folder.</param>
    /// <param name="terms">What is taken.</param>
    /// <returns>What became of the old generation.</returns>
    /// <exception cref="PluginException">It was refused, did not start, is not healthy, or was given up for a stop.</exception>
    public async Task<UnloadResult> ReloadAsync(Func<SupervisedPlugin> prepare, ReloadTerms terms)
    {
        long ticket = Interlocked.Increment(ref _reloads);
        SupervisedPlugin replacement = await Task.Run(prepare).ConfigureAwait(false);
        Command.Reload command = new(replacement, ticket, terms);
        lock (_reloadLock)
        {
            if (_lastReload is null || _lastReload.Ticket < ticket)
            {
                _lastReload = command;
            }

            if (!_commands.Writer.TryWrite(command))
            {
                command.Complete(UnloadResult.Nothing);
            }
        }

        if (Volatile.Read(ref _trial) is { } trial && trial.Ticket < ticket)
        {
            // What is being tried is out of date. This one may be what is being tried by now.
            await CancelAsync(trial.Cancelled).ConfigureAwait(false);
        }

        return await command.Done.ConfigureAwait(false);
    }

    private async Task<UnloadResult?> ActReloadAsync(Command.Reload reload)
    {
        if (Newer(reload) is { } newer)
        {
            _ = FollowAsync(reload, newer);
            return null;
        }

        SupervisedPlugin next = reload.Replacement;
        PluginView view = View;
        if (Volatile.Read(ref _isClosing) || (reload.Terms.OnlyIfChanged && next.ContentHash is { } hash && hash == Plugin.ContentHash && Plugin.Placement.Tier is not null))
        {
            return UnloadResult.Nothing;
        }

        if (Upgrade.Refusal(Plugin, next, reload.Terms.AcceptsChanges) is { } refusal && Plugin.Placement.Tier is not null)
        {
            reload.Fail(GiveUp(refusal, NotTaken(next), view));
            return null;
        }

        if (Upgrade.OtherContracts([.. Sites.Select(s => s.Contract)], next) is { } others && next.Placement.Tier is not null)
        {
            next = next with { Placement = next.Placement with { Tier = null, Refusal = others } };
        }

        bool isAtRest = view.State is PluginState.Stopped or PluginState.Unloading;
        if (isAtRest && !reload.Terms.StartsStopped)
        {
            Volatile.Write(ref _plugin, next);
            return UnloadResult.Nothing;
        }

        if (view.State != PluginState.Ready || next.Placement.Tier != _tier)
        {
            return await ActRestartAsync(next).ConfigureAwait(false);
        }

        return await ReplaceAsync(reload, next, "reload", $"Reloaded: version {next.Manifest!.Version} in the place of {Plugin.Manifest!.Version}.").ConfigureAwait(false);
    }

    private Task<UnloadResult?> ActRecycleAsync(Command.Recycle recycle)
    {
        PluginView view = View;
        if (view.State != PluginState.Ready || view.Generation != recycle.Generation || Volatile.Read(ref _isClosing))
        {
            return Task.FromResult<UnloadResult?>(UnloadResult.Nothing);
        }

        if (Volatile.Read(ref _unproved) >= MostReplaced)
        {
            // One that leaks is not made to leak again and again. A collection that proves them gone lets it go on.
            string waits = $"{MostReplaced} replaced generations are still in memory; it is recycled when a collection has proved one of them gone.";
            Log.NotReplaced(_log, Plugin.Id, "It was not recycled", FaultKind.UnloadLeak, waits);
            recycle.Fail(new PluginUnavailableException($"{Plugin.Id}: {waits}", new PluginFault(Plugin.Id, FaultKind.Unavailable) { Tier = _tier, Generation = view.Generation }));
            return Task.FromResult<UnloadResult?>(null);
        }

        return ReplaceAsync(recycle, Plugin, recycle.Finding.Limit, $"Recycled: generation {view.Generation} {recycle.Finding.What}.");
    }

    /// <summary>Starts a generation beside the running one and swaps it in; the command is told once the old one has ended, or why it goes on.</summary>
    private async Task<UnloadResult?> ReplaceAsync(Command command, SupervisedPlugin next, string cause, string reason)
    {
        PluginView view = View;
        Command.Reload? reload = command as Command.Reload;
        string notDone = reload is null ? "It was not recycled" : NotTaken(next);
        long began = Clock.GetTimestamp();
        TimeSpan limit = _settings.StartTimeout + _settings.HealthTimeout;
        using CancellationTokenSource cancelled = new(limit, Clock);
        Volatile.Write(ref _startCancelled, cancelled);
        Volatile.Write(ref _trial, reload is null ? null : new Trial(reload.Ticket, cancelled));
        if (Interlocked.Read(ref _stopRequested) > 0 || (reload is not null && Newer(reload) is not null))
        {
            await cancelled.CancelAsync().ConfigureAwait(false);
        }

        try
        {
            LiveGeneration live = await StartBesideAsync(next, view.Generation + 1, cancelled.Token).ConfigureAwait(false);
            Swap(command, live, view, cause, reason, Clock.GetElapsedTime(began));
        }
        catch (PluginException failed)
        {
            command.Fail(GiveUp(failed, notDone, view));
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            if (Interlocked.Read(ref _stopRequested) > 0)
            {
                command.Fail(new PluginUnavailableException(
                    $"{next.Id}: generation {view.Generation + 1} was given up while it was starting: the plugin is being stopped or restarted.",
                    new PluginFault(next.Id, FaultKind.Unavailable) { Tier = _tier, Generation = view.Generation + 1, IsRetryable = true }));
            }
            else if (reload is not null && Newer(reload) is { } newer)
            {
                _ = FollowAsync(reload, newer);
            }
            else
            {
                command.Fail(GiveUp(
                    new PluginFaultException(
                        $"Plugin '{next.Id}' could not be started: it was not ready and healthy within {limit:c}.",
                        new PluginFault(next.Id, FaultKind.StartFailure) { Tier = _tier, Generation = view.Generation + 1 }),
                    notDone,
                    view));
            }
        }
        finally
        {
            Volatile.Write(ref _trial, null);
            Volatile.Write(ref _startCancelled, new CancellationTokenSource());
        }

        return null;
    }

    private async Task<LiveGeneration> StartBesideAsync(SupervisedPlugin next, int generation, CancellationToken cancellationToken)
    {
        _replaced.RemoveAll(t => t.IsCompleted);
        while (_replaced.Count >= MostReplaced)
        {
            await Task.WhenAny(_replaced).WaitAsync(cancellationToken).ConfigureAwait(false);
            _replaced.RemoveAll(t => t.IsCompleted);
        }

        LiveGeneration live = await StartInTierAsync(next, generation, cancellationToken).ConfigureAwait(false);
        try
        {
            await live.Instance.CheckHealthAsync(_settings.HealthTimeout, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return live;
        }
        catch
        {
            await StopAsync(live, TimeSpan.Zero).ConfigureAwait(false);
            GiveDoorsBack(live.Leases, live.Doors);
            throw;
        }
    }

    private void Swap(Command command, LiveGeneration live, PluginView before, string cause, string reason, TimeSpan took)
    {
        LiveGeneration old = _live!;
        Observer.Generation = live.Number;
        Observer.WorkerPid = live.Instance.WorkerPid;
        OpenDoors(live);
        _live = live;
        Volatile.Write(ref _plugin, live.Plugin);
        _rate.Clear();
        if (command is Command.Reload)
        {
            // A new version has not failed yet. What is recycled has the history that it had.
            _history = RestartHistory.Empty;
            _readyAt = Clock.GetUtcNow();
        }

        // Never false: only this loop changes the state of a generation that is ready.
        _machine.TrySwap(before.Generation, live.Number, live.Instance, reason);
        _settings.Recorder.Restarted(Plugin.Id, _tier!.Value, cause, before.Generation, live.Number, took);
        Log.Replaced(_log, Plugin.Id, before.Generation, live.Number, reason, took.TotalMilliseconds);
        Watch(live);
        _replaced.Add(EndReplacedAsync(command, old));
    }

    /// <summary>Lets a replaced generation let go of its calls and leases, and ends it. Any thread.</summary>
    private async Task EndReplacedAsync(Command command, LiveGeneration old)
    {
        await Task.Yield();
        try
        {
            int left = await old.Instance.DrainAsync(_settings.DrainTimeout, CancellationToken.None).ConfigureAwait(false);
            if (left > 0)
            {
                Log.DrainOver(_log, Plugin.Id, old.Number, left, _settings.DrainTimeout);
            }

            RecordDeathOf(old.Instance);
            UnloadResult result = await StopAsync(old, TimeSpan.Zero).ConfigureAwait(false);
            Log.Stopped(_log, Plugin.Id, old.Number, result.Outcome, result.AbandonedCalls);
            _commands.Writer.TryWrite(new Command.Freed(null, null, old, result));
            if (result.Outcome != UnloadOutcome.Unloaded && old.Instance is InProcessInstance instance)
            {
                Interlocked.Increment(ref _unproved);
                _ = ProveReplacedAsync(instance);
            }

            command.Complete(result);
        }
        catch (Exception unexpected)
        {
            // Nobody awaits this but a stop, which must go on.
            Log.CommandFailed(_log, Plugin.Id, "end of a replaced generation", unexpected);
            command.Fail(unexpected);
        }
    }

    /// <summary>Lets a generation that takes no more calls end those that it has, and ends it. Any thread.</summary>
    private async Task EndFailedAsync(LiveGeneration failed)
    {
        await Task.Yield();
        await failed.Instance.DrainAsync(_settings.DrainTimeout, CancellationToken.None).ConfigureAwait(false);
        UnloadResult result = await StopAsync(failed, TimeSpan.Zero).ConfigureAwait(false);
        Log.Stopped(_log, Plugin.Id, failed.Number, result.Outcome, result.AbandonedCalls);
    }

    // Looks, and forces nothing, until a natural collection has proved that it is gone.
    private async Task ProveReplacedAsync(InProcessInstance instance)
    {
        for (TimeSpan pause = TimeSpan.FromSeconds(1); !_closing.IsCancellationRequested; pause = pause * 2 < s_longestLook ? pause * 2 : s_longestLook)
        {
            await Task.Delay(pause, Clock, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if ((await instance.ProveUnloadAsync(force: false).ConfigureAwait(false)).Outcome == UnloadOutcome.Unloaded)
            {
                Interlocked.Decrement(ref _unproved);
                Log.ReplacedGone(_log, Plugin.Id, instance.Generation);
                return;
            }
        }
    }

    /// <summary>Records why what runs goes on, and gives what whoever asked gets.</summary>
    private PluginException GiveUp(PluginException failed, string notDone, PluginView view)
    {
        string goesOn = view is { State: PluginState.Ready, Instance.Died.IsCompleted: true }
            ? string.Create(CultureInfo.InvariantCulture, $" Generation {view.Generation} ({Plugin.Manifest?.Version}) has ended meanwhile; its restart follows.")
            : view.State == PluginState.Ready
            ? string.Create(CultureInfo.InvariantCulture, $" Generation {view.Generation} ({Plugin.Manifest?.Version}) goes on.")
            : " Nothing has been changed.";
        string message = $"{failed.Message}{goesOn}";
        int generation = failed.Generation == 0 ? view.Generation : failed.Generation;

        // Each is an incident of its own, however soon it comes after another: whoever asked is pointed to what was wrong this time.
        string id = FaultIds.Next(Clock.GetUtcNow());
        _settings.Recorder.Plugin(Plugin.Id, _tier ?? PluginTier.Process).Fault(RecordOf(failed, generation) with { Id = id, Message = message });
        Log.NotReplaced(_log, Plugin.Id, notDone, failed.Kind, message);
        _machine.TryNote(view.Generation, $"{notDone}: {failed.Message}", id);
        PluginFault fault = failed.Fault with { FaultId = id, Generation = generation };
        return failed switch
        {
            ContractMismatchException => new ContractMismatchException(message, fault),
            PluginRefusedException => new PluginRefusedException(message, fault),
            _ => new PluginFaultException(message, fault),
        };
    }

    private static string NotTaken(SupervisedPlugin next) => $"The version {next.Manifest?.Version ?? "in its folder"} was not taken";

    private Command.Reload? Newer(Command.Reload reload)
    {
        lock (_reloadLock)
        {
            return _lastReload is { } last && last.Ticket > reload.Ticket ? last : null;
        }
    }

    private static async Task FollowAsync(Command.Reload reload, Command.Reload newer)
    {
        try
        {
            reload.Complete(await newer.Done.ConfigureAwait(false));
        }
        catch (Exception failed)
        {
            reload.Fail(failed);
        }
    }

    /// <summary>A reload whose new generation is being tried.</summary>
    private sealed record Trial(long Ticket, CancellationTokenSource Cancelled);
}
