using System.Text.Json;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>The part that describes what went wrong, as plain data.</summary>
internal sealed partial class PluginSupervisor
{
    /// <summary>A record of this plugin's current generation.</summary>
    public FaultRecord Describe(ContractMethod? method, FaultKind kind, string message) => new()
    {
        At = Clock.GetUtcNow(),
        PluginId = Plugin.Id,
        Kind = kind,
        Tier = _tier,
        Generation = View.Generation,
        Method = method?.WireName,
        Message = message,
        WorkerPid = Observer.WorkerPid,
    };

    /// <summary>A record of what a method of the current generation threw.</summary>
    public FaultRecord Describe(ContractMethod method, ThrownException thrown) =>
        Describe(method, thrown.Kind, thrown.Message) with { RemoteType = thrown.Type, RemoteStack = thrown.Stack };

    /// <summary>Records what the plugin threw while an object or a sequence of it was let go of.</summary>
    public void ReleaseFaulted(int generation, ContractDescriptor contract, ThrownException thrown) => Observer.Fault(
        Describe(null, thrown.Kind, $"Letting go of an object or a sequence of {contract.Name} threw {thrown.Type}: {thrown.Message}") with
        {
            Generation = generation,
            RemoteType = thrown.Type,
            RemoteStack = thrown.Stack,
        });

    /// <summary>Notes what the application's own object threw while the plugin's call let go of it: no fault of the plugin.</summary>
    public void OwnObjectFaulted(ContractDescriptor contract, Exception thrown) => Log.OwnObjectFaulted(_log, Plugin.Id, contract.Name, thrown);

    // Once: nothing was started of it, so nothing else tells why.
    private void RecordUnreadable()
    {
        if (Plugin.Manifest is null && View.FaultId is null)
        {
            FaultRecord record = Describe(null, FaultKind.StartFailure, Plugin.Placement.Refusal ?? "It could not be read.") with
            {
                Remedy = "Mend what the message names, then reload the plugin; where the host watches its folders, write plugin.json last and it is taken up.",
            };
            _machine.Rest(PluginState.Refused, Plugin.Placement.Refusal, _settings.Recorder.Fault(record));
        }
    }

    /// <summary>Tells subscribers of a new state.</summary>
    private void TellChange(PluginView view) =>
        _settings.Recorder.Lifecycle(Plugin.Id, _tier, JsonNamingPolicy.CamelCase.ConvertName(view.State.ToString()), view.Generation, view.Reason, view.FaultId);

    // It died by itself while it was about to be stopped: the stop takes the place of a restart, and its calls point to this record all the same.
    private void RecordDeathOf(IPluginInstance instance)
    {
        if (instance.Died is { IsCompletedSuccessfully: true, Result: { } death })
        {
            _settings.Recorder.Plugin(Plugin.Id, _tier!.Value).Fault(death);
        }
    }

    /// <summary>A start that failed in the host, in a way that nobody has thought of.</summary>
    private FaultRecord DescribeDefect(Exception defect, int generation) =>
        Describe(null, FaultKind.StartFailure, $"It could not be started: the host failed with {defect.GetType().FullName}: {defect.Message}") with { Generation = generation };

    private FaultRecord RecordOf(PluginException e, int generation) => FailureRecord.Of(e, Clock.GetUtcNow()) with
    {
        PluginId = Plugin.Id, Tier = _tier, Generation = generation, Method = null, WorkerPid = Observer.WorkerPid,
    };
}
