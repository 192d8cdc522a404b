using System.Diagnostics.CodeAnalysis;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime;

/// <summary>
/// Takes what plugins' folders hold now into the roster: another content of a plugin that is there, a plugin that was not, and one that could not run as
/// it was found first, of which the application has nothing yet. Thread-safe.
/// </summary>
/// <param name="preparation">Reads and places folders.</param>
/// <param name="roster">The plugins.</param>
/// <param name="store">Which copies are in use.</param>
/// <param name="supervision">For plugins that are added.</param>
/// <param name="startsPlugins">True to start what a watch has found.</param>
/// <param name="changed">Told after the roster has changed, before what is new starts.</param>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no handle that would have to be closed.")]
internal sealed class FolderIntake(
    PluginPreparation preparation, PluginRoster roster, StoreUse store, SupervisorSettings supervision, bool startsPlugins, Action changed)
{
    private static readonly ReloadTerms s_watched = new(StartsStopped: false, OnlyIfChanged: true);

    // One plugin is added at a time: two folders may claim one id.
    private readonly SemaphoreSlim _adding = new(1);

    /// <summary>Reads a plugin's folder anew and runs what is there.</summary>
    /// <returns>What became of the old generation.</returns>
    /// <exception cref="PluginException">It was refused, did not start, is not healthy, or was given up for a stop.</exception>
    public async Task<UnloadResult> ReloadAsync(PluginSupervisor supervisor, ReloadTerms terms)
    {
        if (supervisor.WasNeverPlaced)
        {
            return await AddAsync(() => preparation.PrepareAgain(supervisor.Plugin), supervisor, terms).ConfigureAwait(false);
        }

        using StoreUse.StoreHold hold = store.Hold();
        return await supervisor.ReloadAsync(() => hold.Keep(() => preparation.PrepareAgain(supervisor.Plugin))!, terms).ConfigureAwait(false);
    }

    /// <summary>Takes a folder that a watch has seen settle.</summary>
    /// <param name="folder">A full path.</param>
    /// <returns>False where it could not be taken: recorded or logged where that was found.</returns>
    public async Task<bool> TakeAsync(string folder)
    {
        try
        {
            Task<UnloadResult> taking = roster.InFolder(folder) is { } known
                ? ReloadAsync(known, s_watched)
                : AddAsync(() => preparation.PrepareFolder(folder), null, s_watched);
            await taking.ConfigureAwait(false);
            return true;
        }
        catch (Exception failed) when (failed is PluginException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Hears from a watch that a folder holds no plugin any more. What runs goes on from the store's copy until somebody stops it.</summary>
    /// <param name="folder">A full path.</param>
    public async Task GoneAsync(string folder)
    {
        if (roster.InFolder(folder) is not { } known)
        {
            return;
        }

        if (!known.WasNeverPlaced)
        {
            Log.FolderGone(supervision.Logger, folder, known.Plugin.Id);
        }
        else if (await LeaveAsync(known).ConfigureAwait(false))
        {
            Log.RefusedGone(supervision.Logger, folder, known.Plugin.Id);
        }
    }

    private async Task<UnloadResult> AddAsync(Func<SupervisedPlugin?> prepare, PluginSupervisor? inPlaceOf, ReloadTerms terms)
    {
        using StoreUse.StoreHold hold = store.Hold();
        SupervisedPlugin? next;
        PluginSupervisor? added;
        await _adding.WaitAsync().ConfigureAwait(false);
        try
        {
            next = await Task.Run(() => hold.Keep(prepare)).ConfigureAwait(false);
            if (next is null)
            {
                return UnloadResult.Nothing;
            }

            ThrowWhereRefusedAsBefore(next, inPlaceOf, terms);
            added = await EnterAsync(next, inPlaceOf).ConfigureAwait(false);
        }
        finally
        {
            _adding.Release();
        }

        if (added is null)
        {
            // The runtime is being stopped.
            return UnloadResult.Nothing;
        }

        if (!ReferenceEquals(added.Plugin, next))
        {
            // The plugin's folder has another name now: the catalog gives an id to one folder alone.
            return await added.ReloadAsync(() => next, terms).ConfigureAwait(false);
        }

        if (startsPlugins || terms.StartsStopped)
        {
            await added.StartAsync().ConfigureAwait(false);
        }

        return next.Placement.Tier is null ? throw Refusal(next, added.View.FaultId) : UnloadResult.Nothing;
    }

    private void ThrowWhereRefusedAsBefore(SupervisedPlugin next, PluginSupervisor? inPlaceOf, ReloadTerms terms)
    {
        if (next.Placement.Tier is not null)
        {
            return;
        }

        if (inPlaceOf is { View.FaultId: { } told } && terms.OnlyIfChanged && next.Placement.Refusal == inPlaceOf.Plugin.Placement.Refusal)
        {
            // No incident of its own.
            throw Refusal(next, told);
        }

        if (roster.Find(next.Id) is { WasNeverPlaced: false })
        {
            // Another folder claims the id of a plugin that runs. That one goes on.
            throw Refusal(next, null);
        }
    }

    /// <summary>Puts a plugin into the roster, in the place of one of which the application has nothing. One at a time.</summary>
    /// <returns>Who runs it; one that has run before as it was then. Null where the runtime is being stopped.</returns>
    private async Task<PluginSupervisor?> EnterAsync(SupervisedPlugin next, PluginSupervisor? inPlaceOf)
    {
        PluginSupervisor? holder = roster.Find(next.Id);
        if (holder is { WasNeverPlaced: false })
        {
            if (inPlaceOf is not null)
            {
                await LeaveAsync(inPlaceOf).ConfigureAwait(false);
            }

            return holder;
        }

        PluginSupervisor[] replaced = [.. new[] { holder, inPlaceOf }.OfType<PluginSupervisor>().Distinct()];
        PluginSupervisor added = new(next, supervision);
        if (!roster.TryAdd(added, replaced))
        {
            await added.DisposeAsync().ConfigureAwait(false);
            return null;
        }

        changed();
        foreach (PluginSupervisor old in replaced)
        {
            await old.DisposeAsync().ConfigureAwait(false);
        }

        return added;
    }

    private async Task<bool> LeaveAsync(PluginSupervisor gone)
    {
        if (!roster.TryRemove(gone))
        {
            return false;
        }

        changed();
        await gone.DisposeAsync().ConfigureAwait(false);
        return true;
    }

    private static PluginRefusedException Refusal(SupervisedPlugin plugin, string? faultId) => new(
        $"{plugin.Id} may not run: {plugin.Placement.Refusal}",
        new PluginFault(plugin.Id, FaultKind.Refused) { FaultId = faultId });
}
