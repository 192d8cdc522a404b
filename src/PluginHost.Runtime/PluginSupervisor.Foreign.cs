using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// The part that hears of exceptions in-process that no call could take: recorded at once, and the plugin is quarantined. Whatever was the plugin's on that
/// thread is cut off in the middle, and nobody but the plugin knew what it held.
/// </summary>
internal sealed partial class PluginSupervisor
{
    /// <summary>Hears of one. Any thread; after the runtime's end it is told in the log alone.</summary>
    private void Threw(int generation, ForeignFault fault)
    {
        FaultRecord record = Describe(null, fault.Kind, MessageOf(fault)) with
        {
            Generation = generation,
            Tier = PluginTier.InProcess,
            WorkerPid = null,
            RemoteType = fault.Type,
            RemoteStack = fault.Stack,
        };

        // Not by way of the observer: a task that nobody awaited does no harm, and a collection tells of many at once; what is worse has its own consequence.
        record = record with { Id = _settings.Recorder.Plugin(Plugin.Id, PluginTier.InProcess).Fault(record) };
        if (fault.Place != ForeignPlace.UnobservedTask)
        {
            _commands.Writer.TryWrite(new Command.Condemned(generation, record));
        }

        Log.ForeignFault(_log, Plugin.Id, generation, record.Message);
    }

    private async Task ActCondemnedAsync(Command.Condemned condemned)
    {
        PluginView view = View;
        if (view.Generation != condemned.Generation || view.State != PluginState.Ready || view.Instance is not InProcessInstance)
        {
            // One that is replaced or stopped has left a thread behind: the generation in its place has done nothing.
            return;
        }

        const string Reason = "An exception left work of its own that no call waits for, which outside of this host would have ended the application.";
        _failedAt = Clock.GetTimestamp();
        _machine.TryBeginStop(condemned.Generation, willReturn: false, condemned.Fault.Message);
        UnloadResult unload = await StopLiveAsync(FailedDrain).ConfigureAwait(false);
        CountLeak(unload, condemned.Generation);
        Log.Stopped(_log, Plugin.Id, condemned.Generation, unload.Outcome, unload.AbandonedCalls);
        Follow(new RestartDecision.Quarantine(Reason), condemned.Generation, condemned.Fault, condemned.Fault.Id);
    }

    /// <summary>How long calls of a generation that is to end because of its own fault may go on: they may hang as well.</summary>
    private TimeSpan FailedDrain => _settings.DrainTimeout < s_patience ? _settings.DrainTimeout : s_patience;

    private static string MessageOf(ForeignFault fault) => string.Create(
        CultureInfo.InvariantCulture,
        $"An exception left {fault.Words} (thread {fault.Thread}, {fault.ThreadId}): {fault.Type}: {fault.Message}, thrown in {fault.Method}.");
}
