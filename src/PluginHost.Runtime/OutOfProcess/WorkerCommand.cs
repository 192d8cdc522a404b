using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Processes;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>The command line and environment of a worker.</summary>
internal static class WorkerCommand
{
    /// <summary>The variable that holds the host's process id: the worker ends where that is not its parent.</summary>
    public const string HostPidVariable = "PLUGINHOST_HOST_PID";

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

    /// <summary>The program as a rehearsal's plugin: its folder and its file.</summary>
    public static (string Folder, string Entry) RehearsalOf(ProcessTierOptions options) => (Path.GetDirectoryName(ProgramOf(options))!, Assembly);

    /// <summary>Puts one together. It runs in the folder of its program until it knows its plugin.</summary>
    /// <param name="owner">Whom it belongs to, with the program from <see cref="ProgramOf"/>.</param>
    /// <param name="kind">What it must be given now.</param>
    /// <param name="payloads">How large values travel.</param>
    /// <param name="heartbeat">The time between two heartbeats.</param>
    /// <param name="logger">Where its output goes.</param>
    /// <param name="clock">The clock that caps the rate of logged output.</param>
    /// <param name="frameworks">Where configurations of workers with more frameworks are kept; null starts every worker with its own.</param>
    /// <param name="inherited">What it inherits behind its channel.</param>
    public static SpawnRequest Create(
        ChildOwner owner, WorkerClass kind, string payloads, TimeSpan heartbeat, ILogger logger, TimeProvider clock, string? frameworks, params IReadOnlyList<SafeHandle> inherited) => new()
        {
            FileName = DotnetExecutable.FindForThisProcess(),
            Arguments = kind.Frameworks.Length == 0 || frameworks is null
                ? ["exec", owner.Program]
                : ["exec", "--runtimeconfig", WorkerFrameworks.ConfigurationFor(owner.Program, kind.Frameworks, frameworks), owner.Program],
            Environment = ChildEnvironment.Of(ChildEnvironment.OfThisProcess(), [], [.. kind.Variables, .. Added(kind, payloads, heartbeat)]),
            WorkingDirectory = Path.GetDirectoryName(owner.Program)!,
            Logger = logger,
            Clock = clock,
            Owner = owner,
            InheritedDescriptors = inherited,
        };

    /// <summary>The number of the least level that a logger listens to.</summary>
    public static int LeastLevel(ILogger logger)
    {
        LogLevel level = LogLevel.Trace;
        while (level < LogLevel.None && !logger.IsEnabled(level))
        {
            level++;
        }

        return (int)level;
    }

    private static IEnumerable<KeyValuePair<string, string>> Added(WorkerClass kind, string payloads, TimeSpan heartbeat)
    {
        yield return new(WorkerEnvironment.Descriptor, SpawnRequest.ChannelDescriptor.ToString(CultureInfo.InvariantCulture));
        yield return new(HostPidVariable, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        yield return new(MessageLimitVariable, kind.MessageBytes.ToString(CultureInfo.InvariantCulture));
        yield return new(PayloadsVariable, payloads);
        yield return new(HeartbeatVariable, ((int)heartbeat.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        if (kind.MemoryBytes is { } bytes)
        {
            // The managed heap's part of the limit: the one that a child process without a control group can hold itself to.
            yield return new("DOTNET_GCHeapHardLimit", bytes.ToString("X", CultureInfo.InvariantCulture));
        }
    }
}
