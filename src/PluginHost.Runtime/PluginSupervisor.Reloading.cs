using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// The part that takes what the plugin's folder holds now: of several reloads at once the last, and none that is refused. Runs in the supervisor's loop
/// only, but for what says so.
/// </summary>
internal sealed partial class PluginSupervisor
{
    private readonly Lock _reloadLock = new();
    private Command.Reload? _lastReload;
    private long _reloads;
    private Trial? _trial;

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
        Command.Reload command;
        lock (_reloadLock)
        {
            if (_lastReload is { Done.IsCompleted: false } before && before.Ticket < ticket && IsSameContent(before.Replacement, replacement))
            {
                // Whoever asked for that one ends with this: what was agreed to of the same content still is.
                terms = terms.And(before.Terms);
            }

            command = new Command.Reload(replacement, ticket, terms);
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
        if (Volatile.Read(ref _isClosing))
        {
            return UnloadResult.Nothing;
        }

        if (reload.Terms.OnlyIfChanged && IsSameContent(next, Plugin) && !WasNeverPlaced)
        {
            if (next.SourceFolder != Plugin.SourceFolder)
            {
                // Its folder has another name now.
                Volatile.Write(ref _plugin, Plugin with { SourceFolder = next.SourceFolder });
            }

            // A version that was not taken is there no more: what was said of it is no longer so.
            if (view.FaultId is not null && _machine.TryNote(view.Generation, "Its folder holds again what runs.", faultId: null))
            {
                Log.SameAgain(_log, Plugin.Id, view.Generation);
            }

            return UnloadResult.Nothing;
        }

        if (Upgrade.Refusal(Plugin, next, reload.Terms.AcceptsChanges) is { } refusal)
        {
            reload.Fail(GiveUp(refusal, NotTaken(next), view));
            return null;
        }

        if (RefusesAnother(reload, next))
        {
            return null;
        }

        bool isAtRest = view.State is PluginState.Stopped or PluginState.Unloading;
        if (isAtRest && !reload.Terms.StartsStopped)
        {
            Volatile.Write(ref _plugin, next);
            return UnloadResult.Nothing;
        }

        if (TierOf(next) == PluginTier.InProcess && PinnedRefusal("reloaded") is { } pinned)
        {
            reload.Fail(GiveUp(pinned, NotTaken(next), view));
            return null;
        }

        if (view.State != PluginState.Ready || TierOf(next) != _tier)
        {
            return await ActRestartAsync(next).ConfigureAwait(false);
        }

        return await ReplaceAsync(reload, next, "reload", $"Reloaded: version {next.Manifest!.Version} in the place of {Plugin.Manifest!.Version}.").ConfigureAwait(false);
    }

    /// <summary>Records why what runs goes on, and gives what whoever asked gets.</summary>
    private PluginException GiveUp(PluginException failed, string notDone, PluginView view)
    {
        string goesOn = view.Instance is { Died.IsCompleted: true } ? $" Version {Plugin.Manifest?.Version} stays."
            : view.State == PluginState.Ready ? string.Create(CultureInfo.InvariantCulture, $" Generation {view.Generation} ({Plugin.Manifest?.Version}) goes on.")
            : " Nothing has been changed.";
        string message = $"{failed.Message}{goesOn}";

        // Of what was tried, not of what goes on: generation 0 where it was refused before it was one. Each is an incident of its own, however soon it
        // comes after another: whoever asked is pointed to what was wrong this time.
        string id = FaultIds.Next(Clock.GetUtcNow());
        _settings.Recorder.Plugin(Plugin.Id, _tier ?? PluginTier.Process).Fault(RecordOf(failed, failed.Generation) with { Id = id, Message = message, WorkerPid = null });
        Log.NotReplaced(_log, Plugin.Id, notDone, failed.Kind, message);
        _machine.TryNote(view.Generation, $"{notDone}: {failed.Message}", id);
        PluginFault fault = failed.Fault with { FaultId = id };
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
            return _lastReload is { } last && last.Ticket > reload.Ticket && !(MayTakeMore(reload, last) && IsSameContent(reload.Replacement, last.Replacement)) ? last : null;
        }
    }

    // A person has agreed to what a watch that came between may not take.
    private static bool MayTakeMore(Command.Reload reload, Command.Reload than) => reload.Terms.AcceptsChanges && !than.Terms.AcceptsChanges;

    private static bool IsSameContent(SupervisedPlugin one, SupervisedPlugin other) => one.ContentHash is not null && one.ContentHash == other.ContentHash;

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
