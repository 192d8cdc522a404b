using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Runtime.Processes;

namespace PluginHost.Processes.Tests.Support;

/// <summary>Starts shell scripts as children of the spawner.</summary>
internal static class Shell
{
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    public static Task<WorkerProcess> StartAsync(
        string script, ILogger? logger = null, Dictionary<string, string>? environment = null, string folder = "/", params IReadOnlyList<SafeHandle> inherited) =>
        WorkerSpawner.Shared.SpawnAsync(new SpawnRequest
        {
            FileName = "/bin/sh",
            Arguments = ["-c", script],
            Environment = environment ?? [],
            WorkingDirectory = folder,
            Logger = logger ?? NullLogger.Instance,
            InheritedDescriptors = inherited,
        });

    public static async Task<(ProcessExit Exit, string? Output, string? Errors)> RunAsync(
        string script, ILogger? logger = null, Dictionary<string, string>? environment = null, string folder = "/", params IReadOnlyList<SafeHandle> inherited)
    {
        WorkerProcess process = await StartAsync(script, logger, environment, folder, inherited);
        ProcessExit exit = await process.Exited.WaitAsync(Long);
        process.Channel.Dispose();
        return (exit, process.OutputTail(), process.ErrorTail());
    }
}
