using System.Globalization;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Services;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime;

/// <summary>The part that keeps the next generation ready where the operator wants it. Runs in the supervisor's loop only, but for what says so.</summary>
internal sealed partial class PluginSupervisor
{
    private readonly List<Task> _spareEndings = [];
    private HotSpare? _hot;

    /// <summary>True while the plugin's next generation stands ready. Any thread.</summary>
    public bool HasHotSpare => Volatile.Read(ref _hot)?.IsReady == true;

    /// <summary>What a restart will find, in words; null for a plugin that runs in-process or nowhere. Any thread.</summary>
    private string? SpareReason
    {
        get
        {
            if (_tier is null or PluginTier.InProcess || Plugin.Manifest is not { } manifest)
            {
                return null;
            }

            if (manifest.Isolation == IsolationMode.PerCall)
            {
                return Plugin.Spare == SpareMode.None
                    ? "Each call starts its worker: the policy keeps none ready."
                    : null;
            }

            if (Plugin.Spare == SpareMode.Hot && HasSeveralWorkers(manifest))
            {
                return HasHotSpare
                    ? "One more worker stands ready with the plugin: it takes the place of the next that ends."
                    : "It has a hot spare by the policy, which does not stand ready now.";
            }

            if (Plugin.Spare == SpareMode.Hot)
            {
                return HasHotSpare
                    ? "Its next generation stands ready: a restart takes it over."
                    : "It has a hot spare by the policy, which does not stand ready now.";
            }

            string cold = "It restarts cold: ";
            return manifest.Entry is null ? cold + "it is a program of its own, which no spare worker can become."
                : Plugin.Spare == SpareMode.None ? cold + "the policy keeps no spare for it."
                : _settings.WarmSpares == 0 ? cold + "the host keeps no spare workers."
                : null;
        }
    }

    /// <summary>The number of the generation that stands ready for a content, or is on its way to; null where none is.</summary>
    private int? StandingReady(SupervisedPlugin plugin) =>
        ReferenceEquals(plugin, Plugin) && Volatile.Read(ref _hot) is { } hot && ReferenceEquals(hot.Plugin, plugin) && hot.Generation != View.Generation ? hot.Generation : null;

    /// <summary>Takes the generation that stands ready, where it is this one of the plugin as it is now; ends any other.</summary>
    private IPluginInstance? TakeHot(SupervisedPlugin plugin, int generation)
    {
        if (!ReferenceEquals(plugin, Plugin))
        {
            // Another version is being tried: should it fail, this one's stays.
            return null;
        }

        HotSpare? hot = Interlocked.Exchange(ref _hot, null);
        IPluginInstance? instance = hot is not null && hot.Generation == generation && ReferenceEquals(hot.Plugin, plugin) ? hot.TryTake() : null;
        EndLater(hot);
        if (instance?.WorkerPid is { } pid)
        {
            Observer.WorkerStarted(generation, pid);
        }

        return instance;
    }

    /// <summary>Begins to keep the generation after this one ready. It has a number of its own from now on: one that is tried meanwhile does not get it.</summary>
    private void KeepHot(int generation)
    {
        if (_tier is null or PluginTier.InProcess || Plugin.Spare != SpareMode.Hot)
        {
            EndLater(Interlocked.Exchange(ref _hot, null));
            return;
        }

        if (HasSeveralWorkers(Plugin.Manifest!))
        {
            KeepHotWorker(generation);
            return;
        }

        ITier tier = _settings.Tiers.First(t => t.Kind == _tier);
        SupervisedPlugin plugin = Plugin;
        int next = _machine.NextNumber();
        GenerationLeases leases = new(this, _workerSlots, next, plugin);
        EndLater(Interlocked.Exchange(
            ref _hot,
            new HotSpare(
                plugin,
                next,
                cancellation => tier.StartAsync(RequestOf(plugin, next, leases, new GenerationDoors()) with { TakesSpare = false, IsAhead = true, WorkerStarted = null }, cancellation),
                _settings.HotDelay,
                Clock,
                _log)));
    }

    /// <summary>Begins to end the generation that stands ready: the plugin does not come back by itself.</summary>
    private void DropHot() => EndLater(Interlocked.Exchange(ref _hot, null));

    /// <summary>Waits for those whose end has begun: a plugin that is stopped leaves no process.</summary>
    private async Task SparesEndedAsync()
    {
        Task[] endings;
        lock (_spareEndings)
        {
            endings = [.. _spareEndings];
        }

        await Task.WhenAll(endings).ConfigureAwait(false);
    }

    private void EndLater(HotSpare? hot)
    {
        if (hot is null)
        {
            return;
        }

        Task ending = Task.Run(async () => await hot.DisposeAsync().ConfigureAwait(false));
        lock (_spareEndings)
        {
            _spareEndings.RemoveAll(static e => e.IsCompleted);
            _spareEndings.Add(ending);
        }
    }
}
