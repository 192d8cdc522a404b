using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>The command line and environment of a worker.</summary>
internal static class WorkerCommand
{
    /// <summary>The variable that holds the host's process id: the worker ends where that is not its parent.</summary>
    public const string HostPidVariable = "PLUGINHOST_HOST_PID";

    /// <summary>The variable that holds the number of the least <see cref="LogLevel"/> that is worth sending.</summary>
    public const string LogLevelVariable = "PLUGINHOST_LOG_LEVEL";

    /// <summary>The variable that holds the longest message in bytes.</summary>
    public const string MessageLimitVariable = "PLUGINHOST_MAX_MESSAGE";

    /// <summary>The variable that says how large values travel: descriptor, size of one area, largest value.</summary>
    public const string PayloadsVariable = "PLUGINHOST_PAYLOADS";

    /// <summary>The variable that holds the milliseconds between two heartbeats.</summary>
    public const string HeartbeatVariable = "PLUGINHOST_HEARTBEAT";

    private const string Assembly = "PluginHost.Worker.dll";

    /// <summary>The worker's program.</summary>
    public static string ProgramOf(ProcessTierOptions options) => Path.Combine(
        options.WorkerFolder ?? Path.Combine(Path.GetDirectoryName(typeof(WorkerCommand).Assembly.Location) is { Length: > 0 } folder ? folder : AppContext.BaseDirectory, "worker"),
        Assembly);

    /// <summary>Puts one together.</summary>
    /// <param name="program">From <see cref="ProgramOf"/>.</param>
    /// <param name="request">What to run in it.</param>
    /// <param name="payloads">How large values travel.</param>
    /// <param name="heartbeat">The time between two heartbeats.</param>
    /// <param name="clock">The clock that caps the rate of logged output.</param>
    /// <param name="inherited">What it inherits behind its channel.</param>
    public static SpawnRequest Create(string program, StartRequest request, string payloads, TimeSpan heartbeat, TimeProvider clock, params IReadOnlyList<SafeHandle> inherited) => new()
    {
        FileName = DotnetExecutable.FindForThisProcess(),
        Arguments = ["exec", program],
        Environment = ChildEnvironment.Of(ChildEnvironment.OfThisProcess(), request.Manifest.Permissions.Env, Added(request, payloads, heartbeat)),
        WorkingDirectory = request.DataFolder,
        Logger = request.Logger,
        Clock = clock,
        Owner = new ChildOwner(program, request.Manifest.Id, request.Running),
        InheritedDescriptors = inherited,
    };

    private static IEnumerable<KeyValuePair<string, string>> Added(StartRequest request, string payloads, TimeSpan heartbeat)
    {
        yield return new(WorkerEnvironment.Descriptor, SpawnRequest.ChannelDescriptor.ToString(CultureInfo.InvariantCulture));
        yield return new(HostPidVariable, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        yield return new(MessageLimitVariable, request.Manifest.Limits.Message.ToString(CultureInfo.InvariantCulture));
        yield return new(PayloadsVariable, payloads);
        yield return new(HeartbeatVariable, ((int)heartbeat.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        yield return new(LogLevelVariable, ((int)LeastLevel(request.Logger)).ToString(CultureInfo.InvariantCulture));
        if (request.Manifest.Limits.Memory is { } bytes)
        {
            // The managed heap's part of the limit: the one that a child process without a control group can hold itself to.
            yield return new("DOTNET_GCHeapHardLimit", bytes.ToString("X", CultureInfo.InvariantCulture));
        }
    }

    private static LogLevel LeastLevel(ILogger logger)
    {
        LogLevel level = LogLevel.Trace;
        while (level < LogLevel.None && !logger.IsEnabled(level))
        {
            level++;
        }

        return level;
    }
}
