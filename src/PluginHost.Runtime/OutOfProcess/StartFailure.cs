using PluginHost.Contracts.Faults;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>Says why a worker did not become ready. Pure functions.</summary>
internal static class StartFailure
{
    // The worker's own types for it; the engine does not refer to the worker. The last line of their messages is the remedy.
    private const string ContractRefusal = "PluginHost.Worker.ContractRefusal";
    private const string LoadRefusal = "PluginHost.Worker.LoadRefusal";

    /// <summary>Nothing was started.</summary>
    public static PluginException NotSpawned(WorkerIdentity worker, string what) =>
        new PluginFaultException($"Plugin '{worker.PluginId}' has no worker: {what}", worker.Fault(FaultKind.StartFailure));

    /// <summary>The worker's program is not there.</summary>
    public static PluginException NoProgram(WorkerIdentity worker, string program) => new PluginFaultException(
        $"Plugin '{worker.PluginId}' has no worker: '{program}' is missing.",
        worker.Fault(FaultKind.StartFailure) with
        {
            Remedy = "Deploy the folder 'worker' that the build lays beside PluginHost.Runtime.dll together with it, or name its place in ProcessTierOptions.WorkerFolder.",
        });

    /// <summary>The program of a plugin that is no .NET assembly cannot be started on this machine.</summary>
    /// <param name="worker">Whose.</param>
    /// <param name="missing">What is missing, and the remedy: two sentences.</param>
    public static PluginException NoCommand(WorkerIdentity worker, string missing) => new PluginFaultException(
        $"Plugin '{worker.PluginId}' cannot be started: {missing}",
        worker.Fault(FaultKind.StartFailure) with { Remedy = missing[(missing.IndexOf(". ", StringComparison.Ordinal) + 2)..] });

    /// <summary>The worker's answer was no answer to what was asked.</summary>
    public static PluginException Unreadable(WorkerIdentity worker, string what) => new PluginFaultException(
        $"Plugin '{worker.PluginId}' could not be started: {what}",
        worker.Fault(FaultKind.StartFailure) with { Remedy = "Answer '$/pluginhost/load' with null, or as docs/other-languages.md says." });

    /// <summary>A message of the start cannot be sent, or its answer cannot be read.</summary>
    /// <param name="worker">Whose.</param>
    /// <param name="stage">What it belongs to.</param>
    /// <param name="broken">What is wrong with it.</param>
    public static PluginException NotAsked(WorkerIdentity worker, string stage, RpcException broken) => new PluginFaultException(
        $"Plugin '{worker.PluginId}' could not be started: {stage} failed. {broken.Message}",
        worker.Fault(FaultKind.StartFailure) with
        {
            Remedy = "Where a message is longer than it may be, raise limits.message; else install host and worker of the same release.",
        });

    /// <summary>Something failed in the host that nobody has thought of.</summary>
    /// <param name="worker">Whose start it was.</param>
    /// <param name="defect">What.</param>
    public static PluginException Defect(WorkerIdentity worker, Exception defect) => new PluginFaultException(
        $"Plugin '{worker.PluginId}' could not be started: the host failed with {defect.GetType().FullName}: {defect.Message}", worker.Fault(FaultKind.StartFailure));

    /// <summary>The worker ended before it was ready.</summary>
    public static PluginException Died(WorkerIdentity worker, string stage, FaultRecord record, string? remedy = null)
    {
        bool isRefusal = record.ExitCode == WorkerExitCodes.HandshakeRefused;
        PluginFault fault = worker.Fault(isRefusal ? FaultKind.HandshakeRefused : FaultKind.StartFailure) with
        {
            Cause = new FaultCause(record.ExitCode, record.Signal, record.StderrTail),
            Remedy = remedy,
            RemoteType = record.RemoteType,
            RemoteStack = record.RemoteStack,
        };
        string said = record.StderrTail is { } tail ? $" Its last words: {tail}" : " It said nothing on standard error.";
        return new PluginFaultException($"Plugin '{worker.PluginId}' could not be started: its worker {record.WorkerPid} ended {stage}. {record.Message}{said}{(remedy is null ? "" : " " + remedy)}", fault);
    }

    /// <summary>The worker was not ready in time, and was killed.</summary>
    /// <param name="worker">Whose.</param>
    /// <param name="stage">What it did not end.</param>
    /// <param name="limit">The time it had.</param>
    /// <param name="option">What sets that.</param>
    /// <param name="record">Its end.</param>
    /// <param name="unfinished">What had come of a message that never came whole, and the remedy: two sentences; null where nothing had.</param>
    public static PluginException TooLate(WorkerIdentity worker, string stage, TimeSpan limit, string option, FaultRecord record, string? unfinished = null)
    {
        PluginFault fault = worker.Fault(FaultKind.StartFailure) with
        {
            Cause = new FaultCause(record.ExitCode, record.Signal, record.StderrTail),
            Remedy = $"Look at what the plugin does while it starts, or raise {option}.",
        };
        return new PluginFaultException(
            $"Plugin '{worker.PluginId}' could not be started: its worker {record.WorkerPid} had not ended {stage} after {limit} and was killed.{(unfinished is null ? "" : " " + unfinished)}", fault);
    }

    /// <summary>The worker answered the handshake with what it was not offered.</summary>
    /// <param name="worker">Whose.</param>
    /// <param name="pid">Its process id.</param>
    /// <param name="problem">From <see cref="HandshakeCheck.Problem"/>.</param>
    public static PluginException Disagrees(WorkerIdentity worker, int pid, string problem) => new PluginFaultException(
        $"Plugin '{worker.PluginId}' could not be started: its worker {pid} {problem} {HandshakeCheck.Remedy}",
        worker.Fault(FaultKind.HandshakeRefused) with { Remedy = HandshakeCheck.Remedy });

    /// <summary>The worker answered that it cannot.</summary>
    public static PluginException Refused(WorkerIdentity worker, bool isHandshake, RpcErrorException error)
    {
        FaultKind kind = isHandshake ? FaultKind.HandshakeRefused : error.RemoteType == ContractRefusal ? FaultKind.ContractMismatch : FaultKind.StartFailure;
        (string? what, string? remedy) = error.RemoteType is ContractRefusal or LoadRefusal ? Split(error.RemoteMessage) : (error.RemoteMessage, null);
        PluginFault fault = worker.Fault(kind) with { Remedy = remedy, RemoteType = error.RemoteType, RemoteMessage = what, RemoteStack = error.RemoteStack };
        string begins = $"Plugin '{worker.PluginId}' could not be started: ";
        string message = $"{(what?.StartsWith(begins, StringComparison.Ordinal) == true ? "" : begins)}{what}{(remedy is null ? "" : " " + remedy)}";
        return kind == FaultKind.ContractMismatch ? new ContractMismatchException(message, fault) : new PluginFaultException(message, fault);
    }

    /// <summary>The plugin's own check says that it cannot do its work.</summary>
    public static PluginException Unhealthy(WorkerIdentity worker, RpcErrorException error)
    {
        (string? what, string? remedy) = error.RemoteType is LoadRefusal ? Split(error.RemoteMessage) : (error.RemoteMessage, null);
        string begins = error.RemoteType is LoadRefusal ? "" : $"Plugin '{worker.PluginId}' is not healthy: ";
        PluginFault fault = worker.Fault(FaultKind.StartFailure) with { Remedy = remedy, RemoteType = error.RemoteType, RemoteMessage = what, RemoteStack = error.RemoteStack };
        return new PluginFaultException($"{begins}{what}{(remedy is null ? "" : " " + remedy)}", fault);
    }

    /// <summary>The plugin did not say in time whether it can do its work.</summary>
    public static PluginException Silent(WorkerIdentity worker, TimeSpan timeout) => new PluginFaultException(
        $"Plugin '{worker.PluginId}' is not healthy: it did not answer its health check within {timeout:c}.",
        worker.Fault(FaultKind.StartFailure) with { Remedy = "Mend what the check waits for, or raise PluginRuntimeOptions.HealthTimeout." });

    private static (string? What, string? Remedy) Split(string? message) => message?.LastIndexOf('\n') is { } at and >= 0
        ? (message[..at], message[(at + 1)..])
        : (message, null);
}
