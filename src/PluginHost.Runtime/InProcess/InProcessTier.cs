using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.InProcess;

/// <summary>Runs plugins inside the application, each generation in a load context of its own. Thread-safe.</summary>
internal sealed class InProcessTier : ITier
{
    private readonly InProcessOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly ProofBudget _proofs;

    /// <exception cref="ArgumentException">The options are not valid; the message has all problems.</exception>
    public InProcessTier(InProcessOptions options, TimeProvider clock, ILoggerFactory loggers)
    {
        if (options.Validate() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join(" ", problems), nameof(options));
        }

        _options = options;
        _clock = clock;
        _logger = loggers.CreateLogger<InProcessTier>();
        _proofs = new ProofBudget(options.ForcedProofEvery, clock);
    }

    /// <inheritdoc/>
    public PluginTier Kind => PluginTier.InProcess;

    /// <inheritdoc/>
    public async Task<IPluginInstance> StartAsync(StartRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        InProcessInstance instance = new(request, _options, _clock, _logger, _proofs);
        Task<PluginException?> starting = instance.StartAsync();
        PluginException? failure;
        try
        {
            failure = await starting.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The plugin's code may still be running: it cannot be ended, only waited for by somebody who has the time.
            Log.StartAbandoned(_logger, request.Manifest.Id, request.Generation);
            _ = TakeDownAsync(instance, starting);
            throw;
        }

        if (failure is not null)
        {
            await instance.StopAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
            throw failure;
        }

        return instance;
    }

    private static async Task TakeDownAsync(InProcessInstance instance, Task starting)
    {
        await instance.CancelStartAsync().ConfigureAwait(false);
        await starting.ConfigureAwait(false);
        await instance.StopAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
    }
}
