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
    private readonly Func<HolderQuestion, CancellationToken, Task<IReadOnlyList<string>>>? _nameHolders;

    /// <param name="options">How plugins are run.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="loggers">Where logs go.</param>
    /// <param name="nameHolders">Names what holds a generation that a forced proof found in memory, in lines for a person; null names nothing.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message has all problems.</exception>
    public InProcessTier(
        InProcessOptions options,
        TimeProvider clock,
        ILoggerFactory loggers,
        Func<HolderQuestion, CancellationToken, Task<IReadOnlyList<string>>>? nameHolders = null)
    {
        if (options.Validate() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join(" ", problems), nameof(options));
        }

        _options = options;
        _clock = clock;
        _logger = loggers.CreateLogger<InProcessTier>();
        _proofs = new ProofBudget(options.ForcedProofEvery, clock);
        _nameHolders = nameHolders;
    }

    /// <inheritdoc/>
    public PluginTier Kind => PluginTier.InProcess;

    /// <inheritdoc/>
    public async Task<IPluginInstance> StartAsync(StartRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        InProcessInstance instance = new(request, _options, _clock, _logger, _proofs, _nameHolders);
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
            _ = TakeDownAsync(request, instance, starting);
            throw;
        }

        if (failure is not null)
        {
            request.Observer.TakenDown(instance, await instance.StopAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false));
            throw failure;
        }

        return instance;
    }

    private static async Task TakeDownAsync(StartRequest request, InProcessInstance instance, Task starting)
    {
        await instance.CancelStartAsync().ConfigureAwait(false);
        await starting.ConfigureAwait(false);
        request.Observer.TakenDown(instance, await instance.StopAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false));
    }
}
