using System.Diagnostics;
using System.Globalization;
using Bench.Contracts;
using PluginHost.Cli.Output;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Trust;

namespace PluginHost.Cli.Bench;

/// <summary>The measured plugin in a worker, or several, that are killed again and again, with one kind of spare behind them.</summary>
internal sealed class Restarted : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(5);
    private readonly PluginRuntime _runtime;
    private readonly TimeProvider _clock;
    private int _killed;
    private int _turn;

    private Restarted(PluginRuntime runtime, SpareMode spare, int workers, TimeProvider clock)
    {
        _runtime = runtime;
        _clock = clock;
        Spare = spare;
        Workers = workers;
        Plugin = runtime.Get<IBench>(TaxRun.PluginId);
    }

    /// <summary>What stands behind it.</summary>
    public SpareMode Spare { get; }

    /// <summary>How many workers run it.</summary>
    public int Workers { get; }

    /// <summary>How long each restart took so far, in milliseconds, oldest first: from the news of the death to the next worker's readiness.</summary>
    public IReadOnlyList<double> RestartTimes => [.. _runtime.Restarts.Select(r => r.Milliseconds)];

    /// <summary>The plugin.</summary>
    public IBench Plugin { get; }

    /// <summary>Starts one.</summary>
    /// <param name="spare">What stands behind it.</param>
    /// <param name="workers">How many workers run it.</param>
    /// <param name="place">Where.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Restarted> StartAsync(SpareMode spare, int workers, BenchPlace place, CancellationToken cancellationToken)
    {
        PluginRuntime runtime = await BenchRuntime.StartAsync(
            new PluginOverrides { Spare = spare, Workers = workers }, string.Create(CultureInfo.InvariantCulture, $"{spare}-{workers}"), place, cancellationToken).ConfigureAwait(false);
        return new Restarted(runtime, spare, workers, place.Clock);
    }

    /// <summary>Waits until another worker than the killed one and its spare stand ready, and forgets the crash, so that the next restart comes at once.</summary>
    /// <exception cref="ToolException">It did not come to stand ready.</exception>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        for (long began = _clock.GetTimestamp(); !IsSettled();)
        {
            if (_clock.GetElapsedTime(began) > s_patience)
            {
                throw new ToolException(
                    ExitCode.Failed, "bench", $"The measured plugin or its {Words.Of(Spare)} spare did not stand ready within {s_patience:c}: {Told()} Try again on a machine with less to do.");
            }

            await Task.Delay(s_look, _clock, cancellationToken).ConfigureAwait(false);
        }

        await _runtime.ResetAsync(TaxRun.PluginId).ConfigureAwait(false);
    }

    /// <summary>Kills a worker: of several each in turn.</summary>
    /// <exception cref="ToolException">There is none now; the message says why.</exception>
    public void Kill()
    {
        int? worker = Status().Workers.ElementAtOrDefault(_turn++ % Workers)?.Pid;
        _killed = worker ?? throw new ToolException(ExitCode.Failed, "bench", $"The measured plugin lacks a worker that could be killed: {Told()}");
        try
        {
            using var process = Process.GetProcessById(_killed);
            process.Kill();
        }
        catch (ArgumentException)
        {
            throw new ToolException(ExitCode.Failed, "bench", $"The worker {_killed} of the measured plugin had ended by itself before it could be killed. Try again.");
        }
    }

    /// <summary>Kills the worker and calls until a call succeeds.</summary>
    /// <returns>Milliseconds from the signal to the answer.</returns>
    public async Task<double> KillAndCallAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        Kill();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await Plugin.AddCompletedAsync(1, 2).ConfigureAwait(false);

                // What a worker still answered after the signal was sent is no restart.
                if (Status().WorkerPid != _killed)
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
    public double ProportionalMebibytes() => BenchRuntime.Mebibytes(Status().WorkerPid!.Value, "Pss");

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _runtime.DisposeAsync();

    // Right after a kill the worker still counts as ready.
    private bool IsSettled() => Status() is { State: PluginState.Ready } now && now.Workers.All(w => w.State == WorkerState.Ready && w.Pid != _killed) && Spare switch
    {
        SpareMode.Warm => _runtime.Spares.Ready > 0,
        SpareMode.Hot => _runtime.Spares.Hot > 0,
        _ => true,
    };

    private string Told()
    {
        PluginStatus now = Status();
        return $"it is {Words.Of(now.State)}. {(now.Reasons is [.., var why] ? why : "")}";
    }

    private PluginStatus Status() => BenchRuntime.Status(_runtime);
}
