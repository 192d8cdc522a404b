using System.Collections.Immutable;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime;

/// <summary>
/// The part that says by which guards calls go in in-process. The application holds one set for ever. While calls or leases of an older generation are
/// counted in that, calls of the newer one are led on to another set; when the older has ended, the application's set leads straight in again.
/// Runs in the supervisor's loop only, but for what says so.
/// </summary>
internal sealed partial class PluginSupervisor
{
    private static readonly TimeSpan s_firstLook = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_longestLook = TimeSpan.FromSeconds(60);
    private ImmutableList<GuardSet> _sets = [];
    private readonly HashSet<GuardSet> _freeSets = [];
    private ImmutableList<ObjectSlots> _allSlots = [];
    private readonly Stack<ObjectSlots> _freeSlots = [];
    private readonly ObjectSlots _workerSlots;
    private readonly GuardSet _own;
    private GuardSet _current;

    /// <summary>The guard that leads to the running generation in-process. Any thread.</summary>
    public Guard CurrentGuard(int contract) => Volatile.Read(ref _current).Guards[contract];

    private GenerationLeases NewLeases(SupervisedPlugin plugin, int generation)
    {
        if (_tier != PluginTier.InProcess)
        {
            return new GenerationLeases(this, _workerSlots, generation, plugin);
        }

        return new GenerationLeases(this, _freeSlots.TryPop(out ObjectSlots? free) ? free : NewSlots(), generation, plugin);
    }

    private ObjectSlots NewSlots()
    {
        ObjectSlots slots = new(Plugin.Id, _settings.Flight, Observer);
        Volatile.Write(ref _allSlots, _allSlots.Add(slots));
        return slots;
    }

    /// <summary>Gives a generation in-process its guards: the application's where no other's calls are in them, else others.</summary>
    private void AddDoors(GenerationDoors doors, GenerationLeases leases)
    {
        if (_tier != PluginTier.InProcess)
        {
            return;
        }

        GuardSet? set = _freeSets.Contains(_own) ? _own : _freeSets.FirstOrDefault();
        if (set is null)
        {
            set = new GuardSet(this, [.. Sites.Select(s => s.Contract)], leases);
            Volatile.Write(ref _sets, _sets.Add(set));
        }

        _freeSets.Remove(set);
        set.Bind(leases);
        doors.Add(set);
    }

    /// <summary>Lets calls in to a generation in-process.</summary>
    private void OpenDoors(LiveGeneration live)
    {
        if (live.Doors.Sets is [var set, ..])
        {
            set.Open(live.Instance, Observer, _settings.Flight, Plugin.Id);
            Volatile.Write(ref _current, set);
            _settings.StuckCalls?.Follow(this);
        }
    }

    /// <summary>Takes back what a generation that has ended was counted in.</summary>
    private void LetGo(LiveGeneration ended)
    {
        GiveDoorsBack(ended.Leases, ended.Doors);
        _stages.End(ended.Number);
    }

    /// <summary>Takes back what a generation that has ended came in by: what no call is in now, and the rest once none is.</summary>
    private void GiveDoorsBack(GenerationLeases leases, GenerationDoors doors)
    {
        List<GuardSet> busy = [];
        foreach (GuardSet set in doors.Sets)
        {
            if (set.InFlight == 0)
            {
                Free(set);
            }
            else
            {
                busy.Add(set);
            }
        }

        if (!ReferenceEquals(leases.Slots, _workerSlots))
        {
            _ = GiveBackLaterAsync(leases, busy);
        }
    }

    private async Task GiveBackLaterAsync(GenerationLeases leases, List<GuardSet> busy)
    {
        bool hasSlots = true;
        for (TimeSpan pause = s_firstLook; !_closing.IsCancellationRequested; pause = pause * 2 < s_longestLook ? pause * 2 : s_longestLook)
        {
            foreach (GuardSet free in busy.Where(s => s.InFlight == 0).ToArray())
            {
                busy.Remove(free);
                _commands.Writer.TryWrite(new Command.Freed(free, null));
            }

            if (hasSlots && leases.FromPlugin.CallsInside == 0)
            {
                hasSlots = false;
                _commands.Writer.TryWrite(new Command.Freed(null, leases.Slots));
            }

            if (busy.Count == 0 && !hasSlots)
            {
                return;
            }

            await Task.Delay(pause, Clock, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ActFreedAsync(Command.Freed freed)
    {
        if (freed.Slots is { } slots)
        {
            _freeSlots.Push(slots);
        }

        if (freed.Set is { } set)
        {
            Free(set);
        }

        if (freed.Ended is { } ended)
        {
            LetGo(ended);
            await CountLeakBesideAsync(freed.Unload!, ended.Number).ConfigureAwait(false);
        }
    }

    private void Free(GuardSet set)
    {
        if (set == _own && _live is { Doors.Sets.Count: > 0 } live && View.Instance == live.Instance && _tier == PluginTier.InProcess)
        {
            // From here on calls go straight in again. Those in the other set are this generation's too.
            set.Bind(live.Leases);
            live.Doors.Add(set);
            set.Open(live.Instance, Observer, _settings.Flight, Plugin.Id);
            Volatile.Write(ref _current, set);
            return;
        }

        _freeSets.Add(set);
    }
}
