using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tiers;
using PluginHost.Runtime.Trust;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// The part that hears of calls in-process that hold their thread for longer than their time. Nothing ends such a call: it is recorded, its thread counts as
/// lost until it returns, and a generation that has cost too many is taken down. Called by the thread that looks, but for what says so.
/// </summary>
internal sealed partial class PluginSupervisor
{
    /// <summary>The limit of a fault where a generation cost too many threads.</summary>
    private const string LostThreadsLimit = "StuckCalls.LostThreads";

    private readonly Dictionary<CallKey, StuckCall> _stuckCalls = [];
    private ImmutableList<StuckCall> _stuck = [];

    // Told once a generation, however many more get stuck while it is taken down.
    private int _takenDown;

    /// <summary>The calls that hold threads of the application now, whatever has become of their generation. Any thread.</summary>
    public IReadOnlyList<StuckCall> StuckCalls => Volatile.Read(ref _stuck);

    /// <summary>True where calls may hold threads: it runs in-process, or is about to, or has calls that did not come out. Any thread.</summary>
    public bool HasCallsToWatch => !Volatile.Read(ref _isClosing)
        && (StuckCalls.Count > 0 || (_tier == PluginTier.InProcess && View.State is (PluginState.Starting or PluginState.Ready or PluginState.Stopping)));

    /// <summary>Which methods are counted where, in-process.</summary>
    public IEnumerable<WatchedMethod> WatchedMethods()
    {
        foreach (GuardSet set in Volatile.Read(ref _sets))
        {
            foreach (PluginGuardSite site in set.Sites)
            {
                foreach (ContractMethod method in site.Contract.Methods)
                {
                    yield return new WatchedMethod(this, site.FirstSlot + method.Index, set.Leases.Generation, method);
                }
            }
        }

        foreach (ObjectSlots slots in Volatile.Read(ref _allSlots))
        {
            foreach ((ContractMethod method, int slot, int generation) in slots.OfPlugin())
            {
                yield return new WatchedMethod(this, slot, generation, method);
            }
        }
    }

    /// <summary>Hears that a call is stuck.</summary>
    /// <param name="watched">The method.</param>
    /// <param name="finding">Which call, and for how long.</param>
    /// <param name="mostLost">How many such threads its generation may cost; 0 for any number.</param>
    public void FoundStuck(WatchedMethod watched, StuckFinding finding, int mostLost)
    {
        DateTimeOffset now = Clock.GetUtcNow();
        StuckCall call = new()
        {
            ThreadId = finding.Call.ThreadId,
            Method = watched.Method.WireName,
            Generation = watched.Generation,
            Since = now - finding.Running,
            Doing = OwnThread.Doing(finding.Call.ThreadId),
        };
        FaultRecord record = Describe(watched.Method, FaultKind.Hang, MessageOf(call, finding, TimeoutOf(watched.Method))) with
        {
            Generation = watched.Generation,
            Tier = PluginTier.InProcess,
            WorkerPid = null,
            Remedy = "Let the method return a task and honour its token, so that it can be given up in time; or run the plugin in a child process, where one that hangs is ended.",
        };
        Log.CallStuck(_log, Plugin.Id, watched.Generation, record.Message);
        Observer.Fault(record);
        if (finding.IsCertain)
        {
            _stuckCalls[finding.Call] = call;
            TellStuck();
        }

        TakeDownWhereTooMany(watched.Generation, mostLost, now);
    }

    /// <summary>Hears that a call that was stuck has returned.</summary>
    public void CameBack(CallKey key)
    {
        if (!_stuckCalls.Remove(key, out StuckCall? call))
        {
            return;
        }

        TellStuck();
        string held = string.Create(CultureInfo.InvariantCulture, $"{call.Method} has let go of thread {call.ThreadId}, which it held for {(Clock.GetUtcNow() - call.Since).TotalSeconds:0.0} s; {_stuckCalls.Count} thread(s) are lost now.");
        Log.CallCameBack(_log, Plugin.Id, call.Generation, held);
        PluginView view = View;
        _settings.Recorder.Lifecycle(Plugin.Id, _tier, JsonNamingPolicy.CamelCase.ConvertName(view.State.ToString()), view.Generation, held);
    }

    private void TellStuck()
    {
        _settings.Recorder.Plugin(Plugin.Id, PluginTier.InProcess).LostThreads = _stuckCalls.Count;
        Volatile.Write(ref _stuck, [.. _stuckCalls.Values.OrderBy(c => c.Since)]);
    }

    private void TakeDownWhereTooMany(int generation, int mostLost, DateTimeOffset now)
    {
        StuckCall[] lost = [.. _stuckCalls.Values.Where(c => c.Generation == generation)];
        if (mostLost == 0 || lost.Length < mostLost || generation != View.Generation || _takenDown == generation)
        {
            return;
        }

        _takenDown = generation;
        string methods = string.Join(", ", lost.Select(c => c.Method).Distinct(StringComparer.Ordinal));
        _commands.Writer.TryWrite(new Command.Died(
            generation,
            Describe(null, FaultKind.LimitExceeded, string.Create(CultureInfo.InvariantCulture, $"{lost.Length} thread(s) of the application are stuck in {methods}; with {mostLost} it is taken down ({LostThreadsLimit})")) with
            {
                At = now,
                Generation = generation,
                Tier = PluginTier.InProcess,
                Limit = LostThreadsLimit,
            },
            IsAlive: true));
    }

    /// <summary>Counts that it cost too many threads, where that was it. In the loop; the generation has ended.</summary>
    private void CountLostThreads(FaultRecord fault)
    {
        if (fault.Limit == LostThreadsLimit
            && Add(IncidentKind.LostThreads, $"at {Clock.GetUtcNow().UtcDateTime:u} {Shortened(fault.Message)}") is { } demotion
            && Plugin.MayBeDemoted == true)
        {
            Move(Placing.Demoted(PluginTier.InProcess, demotion, Plugin.Id));
        }
    }

    /// <summary>That its calls hold threads, in words; null where none does. Any thread.</summary>
    private string? StuckReason => StuckCalls is { Count: > 0 } calls
        ? $"{calls.Count} thread(s) of the application are lost in it: " + string.Join(", ", calls.Select(c => string.Create(
            CultureInfo.InvariantCulture, $"thread {c.ThreadId} in {c.Method} (generation {c.Generation}) since {c.Since.UtcDateTime:u}")))
        : null;

    private static string MessageOf(StuckCall call, StuckFinding finding, TimeSpan time)
    {
        string what = string.Create(
            CultureInfo.InvariantCulture,
            $"{call.Method} holds thread {call.ThreadId} of the application for {finding.Running.TotalSeconds:0.0} s and more; its time is {time:c}. In-process it cannot be ended: the thread is lost until it returns.");
        string certain = finding.IsCertain ? "" : " The thread is inside of other plugins' methods too: which one it is in now is not known, so it counts for none of them.";
        return what + certain + (call.Doing is { } doing ? $" The kernel has {doing}." : "");
    }
}

/// <summary>One method in-process as its calls are counted.</summary>
/// <param name="Supervisor">The plugin's.</param>
/// <param name="Slot">Its slot.</param>
/// <param name="Generation">The generation whose calls are in it now.</param>
/// <param name="Method">The method.</param>
internal readonly record struct WatchedMethod(PluginSupervisor Supervisor, int Slot, int Generation, ContractMethod Method);
