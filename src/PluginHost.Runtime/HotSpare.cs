using Microsoft.Extensions.Logging;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime;

/// <summary>
/// The next generation of a plugin, started beside the running one: kept alive until it is taken or no longer wanted. One that ends by itself is
/// started again after a while. Thread-safe.
/// </summary>
internal sealed class HotSpare : IAsyncDisposable
{
    private readonly Func<CancellationToken, Task<IPluginInstance>> _start;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _unwanted = new();
    private readonly Task _keeping;
    private IPluginInstance? _ready;

    /// <summary>Begins.</summary>
    /// <param name="plugin">The plugin as it is now.</param>
    /// <param name="generation">The generation that it will be.</param>
    /// <param name="start">Starts it.</param>
    /// <param name="delay">How long to wait before: calls that waited for the running generation come first.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">The log.</param>
    public HotSpare(
        SupervisedPlugin plugin, int generation, Func<CancellationToken, Task<IPluginInstance>> start, TimeSpan delay, TimeProvider clock, ILogger logger)
    {
        Plugin = plugin;
        Generation = generation;
        _start = start;
        _clock = clock;
        _logger = logger;
        _keeping = Task.Run(() => KeepAsync(delay));
    }

    /// <summary>What it holds.</summary>
    public SupervisedPlugin Plugin { get; }

    /// <summary>The generation that it will be.</summary>
    public int Generation { get; }

    /// <summary>True while it stands ready.</summary>
    public bool IsReady => Volatile.Read(ref _ready) is { Died.IsCompleted: false };

    /// <summary>Takes it where it stands ready; the caller owns the instance. Dispose this all the same.</summary>
    public IPluginInstance? TryTake()
    {
        if (!IsReady)
        {
            return null;
        }

        return Interlocked.Exchange(ref _ready, null);
    }

    /// <summary>Ends it, unless it was taken.</summary>
    public async ValueTask DisposeAsync()
    {
        await _unwanted.CancelAsync().ConfigureAwait(false);
        await _keeping.ConfigureAwait(false);
        if (Interlocked.Exchange(ref _ready, null) is { } left)
        {
            await left.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task KeepAsync(TimeSpan pause)
    {
        for (int losses = 0; ; losses++)
        {
            await Task.Delay(pause, _clock, _unwanted.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_unwanted.IsCancellationRequested || await TryStartAsync().ConfigureAwait(false) is not { } instance)
            {
                if (_unwanted.IsCancellationRequested)
                {
                    return;
                }

                pause = RetryPause.After(losses);
                continue;
            }

            Volatile.Write(ref _ready, instance);
            Log.HotSpareReady(_logger, Plugin.Id, Generation, instance.WorkerPid);
            await Task.WhenAny(instance.Died, UnwantedAsync()).ConfigureAwait(false);
            if (_unwanted.IsCancellationRequested || Interlocked.CompareExchange(ref _ready, null, instance) != instance)
            {
                // Not wanted any more, or taken: its end is its owner's.
                return;
            }

            Log.HotSpareLost(_logger, Plugin.Id, (await instance.Died.ConfigureAwait(false)).Message);
            await instance.DisposeAsync().ConfigureAwait(false);
            pause = RetryPause.After(losses);
        }
    }

    private async Task<IPluginInstance?> TryStartAsync()
    {
        try
        {
            return await _start(_unwanted.Token).ConfigureAwait(false);
        }
        catch (Exception failed)
        {
            // A defect of the host too: whoever ends this must not fail for it.
            if (!_unwanted.IsCancellationRequested)
            {
                Log.HotSpareLost(_logger, Plugin.Id, failed.Message);
            }

            return null;
        }
    }

    private async Task UnwantedAsync() =>
        await Task.Delay(Timeout.InfiniteTimeSpan, _clock, _unwanted.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
