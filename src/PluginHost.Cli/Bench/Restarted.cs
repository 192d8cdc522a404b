using System.Diagnostics;
using Bench.Contracts;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Trust;

namespace PluginHost.Cli.Bench;

/// <summary>The measured plugin in a worker that is killed again and again, with one kind of spare behind it.</summary>
internal sealed class Restarted : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(5);
    private readonly PluginRuntime _runtime;
    private readonly TimeProvider _clock;

    private Restarted(PluginRuntime runtime, SpareMode spare, TimeProvider clock)
    {
        _runtime = runtime;
        _clock = clock;
        Spare = spare;
        Plugin = runtime.Get<IBench>(TaxRun.PluginId);
    }

    /// <summary>What stands behind it.</summary>
    public SpareMode Spare { get; }

    /// <summary>The plugin.</summary>
    public IBench Plugin { get; }

    /// <summary>Starts one.</summary>
    /// <param name="spare">What stands behind it.</param>
    /// <param name="benchPlugins">The folder with the measured plugin's folder.</param>
    /// <param name="scratch">A private folder for state.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <param name="clock">The clock of its waits.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Restarted> StartAsync(SpareMode spare, string benchPlugins, string scratch, ILoggerFactory loggers, TimeProvider clock, CancellationToken cancellationToken)
    {
        PluginOverrides overrides = new()
        {
            Tier = PluginTier.Process, Spare = spare, Restart = new RestartOverrides { Limit = SharedLimits.Restarts },
        };
        PluginRuntime runtime = await PluginRuntime.StartAsync(
            new PluginRuntimeOptions
            {
                Directory = benchPlugins,
                StateFolder = Path.Combine(scratch, spare.ToString()),
                ContractAssemblies = [typeof(IBench).Assembly],
                LoggerFactory = loggers,
                Clock = clock,
                Policy = new PluginPolicy { Development = benchPlugins, Plugins = new Dictionary<string, PluginOverrides> { [TaxRun.PluginId] = overrides } },
            },
            cancellationToken).ConfigureAwait(false);
        return new Restarted(runtime, spare, clock);
    }

    /// <summary>Forgets earlier crashes, so that the next restart comes at once, and waits until what is to stand ready does.</summary>
    /// <exception cref="TimeoutException">It did not come to stand ready.</exception>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        await _runtime.ResetAsync(TaxRun.PluginId).ConfigureAwait(false);
        for (long began = _clock.GetTimestamp(); !IsSettled();)
        {
            if (_clock.GetElapsedTime(began) > s_patience)
            {
                throw new TimeoutException($"The plugin or its {Spare} spare did not stand ready within {s_patience:c}.");
            }

            await Task.Delay(s_look, _clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The worker's process now.</summary>
    public Process Worker() => Process.GetProcessById(Status().WorkerPid!.Value);

    /// <summary>Kills the worker and calls until a call succeeds.</summary>
    /// <returns>Milliseconds from the signal to the answer.</returns>
    public async Task<double> KillAndCallAsync(CancellationToken cancellationToken)
    {
        using Process worker = Worker();
        long began = Stopwatch.GetTimestamp();
        worker.Kill();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await Plugin.AddCompletedAsync(1, 2).ConfigureAwait(false);

                // What a worker still answered after the signal was sent is no restart.
                if (Status().WorkerPid != worker.Id)
                {
                    return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
                }
            }
            catch (PluginException lost) when (lost.Fault.IsRetryable || lost.Kind == FaultKind.Signal)
            {
                // In flight when the worker died: a caller that wants the answer asks again.
            }
        }
    }

    /// <summary>The memory that the worker has for itself, with its share of what several use. Mebibytes; 0 where the system does not tell.</summary>
    public double ProportionalMebibytes()
    {
        const string Field = "Pss:";
        string? line = File.ReadLines($"/proc/{Status().WorkerPid}/smaps_rollup").FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line.AsSpan(Field.Length, line.Length - Field.Length - " kB".Length), System.Globalization.CultureInfo.InvariantCulture) / 1024;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _runtime.DisposeAsync();

    private bool IsSettled() => Status().State == PluginState.Ready && Spare switch
    {
        SpareMode.Warm => _runtime.Spares.Ready > 0,
        SpareMode.Hot => _runtime.Spares.Hot > 0,
        _ => true,
    };

    private PluginStatus Status() => _runtime.Status.First(s => s.Id == TaxRun.PluginId);

    private static class SharedLimits
    {
        // The most that a policy may allow.
        public const int Restarts = 1000;
    }
}
