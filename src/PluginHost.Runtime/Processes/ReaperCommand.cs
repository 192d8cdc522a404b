using Microsoft.Extensions.Logging;
using PluginHost.Runtime.Store;

namespace PluginHost.Runtime.Processes;

/// <summary>The command line and environment of a reaper: the worker's program in another mode.</summary>
internal static class ReaperCommand
{
    // Enough for looking at processes, and no more is ever taken.
    private const string HeapBytes = "2000000";

    /// <summary>Puts one together.</summary>
    /// <param name="program">The worker's program.</param>
    /// <param name="mode">One of <see cref="Rpc.WorkerProtocol.WorkerModes"/>.</param>
    /// <param name="host">Whose children it is about.</param>
    /// <param name="logger">Where its output goes.</param>
    public static SpawnRequest Create(string program, string mode, HostIdentity host, ILogger logger) => new()
    {
        FileName = DotnetExecutable.FindForThisProcess(),
        Arguments = ["exec", program, mode, host.ToString()],
        Environment = ChildEnvironment.Of(ChildEnvironment.OfThisProcess(), [], [new("DOTNET_GCHeapHardLimit", HeapBytes), new("DOTNET_GCgen0size", "100000")]),
        WorkingDirectory = "/",
        Logger = logger,
    };
}
