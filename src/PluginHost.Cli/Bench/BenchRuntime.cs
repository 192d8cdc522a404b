using System.Globalization;
using Bench.Contracts;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Trust;

namespace PluginHost.Cli.Bench;

/// <summary>Where a bench runs.</summary>
/// <param name="Plugins">The folder with the measured plugin's folder.</param>
/// <param name="Scratch">A private folder for state.</param>
/// <param name="Loggers">Where the engine logs.</param>
/// <param name="Clock">The clock of waits.</param>
internal sealed record BenchPlace(string Plugins, string Scratch, ILoggerFactory Loggers, TimeProvider Clock);

/// <summary>Runtimes with the measured plugin in child processes, and what the kernel says of those.</summary>
internal static class BenchRuntime
{
    // The most that a policy may allow.
    private const int MostRestarts = 1000;

    /// <summary>Starts one over a state folder of its own.</summary>
    /// <param name="overrides">How the plugin runs; tier and restarts are set here.</param>
    /// <param name="name">Names the state folder.</param>
    /// <param name="place">Where.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<PluginRuntime> StartAsync(PluginOverrides overrides, string name, BenchPlace place, CancellationToken cancellationToken)
    {
        PluginOverrides all = overrides with { Tier = PluginTier.Process, Restart = new RestartOverrides { Limit = MostRestarts } };
        return PluginRuntime.StartAsync(
            new PluginRuntimeOptions
            {
                Directory = place.Plugins,
                StateFolder = Path.Combine(place.Scratch, name),
                ContractAssemblies = [typeof(IBench).Assembly],
                LoggerFactory = place.Loggers,
                Clock = place.Clock,
                Policy = new PluginPolicy { Development = place.Plugins, Plugins = new Dictionary<string, PluginOverrides> { [TaxRun.PluginId] = all } },
            },
            cancellationToken);
    }

    /// <summary>The measured plugin as it stands.</summary>
    public static PluginStatus Status(PluginRuntime runtime) => runtime.Status.First(s => s.Id == TaxRun.PluginId);

    /// <summary>The memory of a process in mebibytes, by fields of its <c>smaps_rollup</c> (<c>Pss</c>, <c>Private_Dirty</c>); 0 where the system does not tell.</summary>
    public static double Mebibytes(int pid, params IReadOnlyList<string> fields)
    {
        const string Unit = " kB";
        double kibibytes = 0;
        string rollup = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/smaps_rollup");
        foreach (string line in File.Exists(rollup) ? File.ReadLines(rollup) : [])
        {
            if (fields.FirstOrDefault(f => line.StartsWith(f + ":", StringComparison.Ordinal)) is { } field)
            {
                kibibytes += double.Parse(line.AsSpan(field.Length + 1, line.Length - field.Length - 1 - Unit.Length), CultureInfo.InvariantCulture);
            }
        }

        return kibibytes / 1024;
    }
}
