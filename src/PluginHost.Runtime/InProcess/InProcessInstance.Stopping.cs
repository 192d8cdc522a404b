using System.Globalization;
using System.Runtime.CompilerServices;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Loading.Unloading;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.InProcess;

/// <summary>The stages of a stop: cut, cancel, drain, dispose, revoke, unload, prove.</summary>
internal sealed partial class InProcessInstance
{
    private const string LoadedForGood = "the manifest says \"unloadable\": false, so it stays loaded until the application ends";
    private Task<UnloadResult>? _stopping;
    private ContextUnloading? _unloading;
    private volatile bool _hasServed;

    /// <inheritdoc/>
    public Task<UnloadResult> StopAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _stopping ??= Task.Run(() => StopOnceAsync(drain, cancellationToken), CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public Task<int> DrainAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        CutGuards();
        return Draining.WaitAsync(CallsAndLeases, drain, _clock, cancellationToken);
    }

    /// <inheritdoc/>
    public bool MayLinger => _unloading is { IsGone: false };

    /// <inheritdoc/>
    public Task<UnloadResult> LookAsync() => ProveUnloadAsync(force: false);

    /// <summary>Looks again whether a stopped generation is gone from memory. Stops it first where it runs.</summary>
    /// <param name="force">True to force collections of the whole process, where the last forced proof of this tier is long enough ago; false only looks.</param>
    /// <param name="cancellationToken">Ends forced rounds early.</param>
    public async Task<UnloadResult> ProveUnloadAsync(bool force, CancellationToken cancellationToken = default)
    {
        UnloadResult stopped = await StopAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        if (_unloading is not { } unloading)
        {
            return stopped;
        }

        bool forces = force && !unloading.IsGone && _proofs.TryTake();
        return await ProveAsync(unloading, stopped, forces, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> NameHoldersAsync(CancellationToken cancellationToken)
    {
        if (_nameHolders is null || _unloading is not { IsGone: false } unloading)
        {
            return [];
        }

        try
        {
            return await _nameHolders(new HolderQuestion(PluginId, Generation, _request.Folder, unloading), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failed)
        {
            // That it leaked is known, and is the more important half.
            return [$"What holds it could not be named: {failed.GetType().Name}: {failed.Message}"];
        }
    }

    private async Task<UnloadResult> StopOnceAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        CutGuards();
        Task<IReadOnlyList<ThrownException>> cancelling = _context.CancelAsync();

        // The slots outlive generations: one that never took a call must not wait for another's.
        int abandoned = _hasServed ? await EndCallsAsync(drain, cancellationToken).ConfigureAwait(false) : 0;
        if (abandoned > 0)
        {
            Log.DrainEnded(_logger, PluginId, Generation, abandoned, drain);
            _request.CutCalls?.Invoke();
        }

        await EndLeasesAsync(_request.Arguments).ConfigureAwait(false);
        await FinishCancellingAsync(cancelling).ConfigureAwait(false);
        await DisposePluginAsync().ConfigureAwait(false);
        _context.Dispose();
        _startCancelled.Dispose();
        CallToken.DropSpares();
        return await UnloadAsync(abandoned).ConfigureAwait(false);
    }

    /// <summary>Waits for calls and leases, then ends the leases.</summary>
    /// <returns>How many calls are still inside.</returns>
    private async Task<int> EndCallsAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        int left = await Draining.WaitAsync(CallsAndLeases, drain, _clock, cancellationToken).ConfigureAwait(false);
        if (_request.Results?.Open is > 0 and int open)
        {
            Log.LeasesEnded(_logger, PluginId, Generation, open, drain);
        }

        await EndLeasesAsync(_request.Results).ConfigureAwait(false);
        return left == 0 ? 0 : CallsInside();
    }

    private int CallsAndLeases() => CallsInside() + (_request.Results?.Open ?? 0);

    private int CallsInside() => CallDrain.InFlight(_request.Guards) + (_request.Results?.CallsInside ?? 0);

    private async Task EndLeasesAsync(LeaseTable? leases)
    {
        try
        {
            await (leases?.EndAsync() ?? Task.CompletedTask).WaitAsync(_options.DisposeTimeout, _clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            ReportOverdue("The end of its open sequences and objects");
        }
    }

    /// <summary>Cuts the guards from this generation's object, and makes every thread see it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CutGuards()
    {
        object? plugin = Volatile.Read(ref _plugin);
        foreach (Guard guard in _request.Guards.Where(g => plugin is not null && ReferenceEquals(g.Target, plugin)))
        {
            guard.Target = null;
            _hasServed = true;
        }

        Interlocked.MemoryBarrierProcessWide();
    }

    private async Task FinishCancellingAsync(Task<IReadOnlyList<ThrownException>> cancelling)
    {
        try
        {
            foreach (ThrownException thrown in await cancelling.WaitAsync(_options.DisposeTimeout, _clock).ConfigureAwait(false))
            {
                Report(thrown, "A callback of its stopping token");
            }
        }
        catch (TimeoutException)
        {
            ReportOverdue("The callbacks of its stopping token");
        }
    }

    private async Task DisposePluginAsync()
    {
        Task disposing = PluginCode.RunAsync(DisposePlugin, _request.Stages.Stop);
        try
        {
            await disposing.WaitAsync(_options.DisposeTimeout, _clock).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!disposing.IsCompleted)
        {
            ReportOverdue("Its disposal");
        }
        catch (Exception thrown)
        {
            Report(ThrownException.Read(thrown), "Its disposal");
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Task DisposePlugin()
    {
        switch (Volatile.Read(ref _plugin))
        {
            case IAsyncDisposable disposable:
                return disposable.DisposeAsync().AsTask();
            case IDisposable disposable:
                disposable.Dispose();
                break;
        }

        return Task.CompletedTask;
    }

    private async Task<UnloadResult> UnloadAsync(int abandoned)
    {
        UnloadOutcome before = abandoned > 0 ? UnloadOutcome.TimedOut : UnloadOutcome.Pending;
        bool wasLoaded = DropPlugin();
        if (_unloading is not { } unloading)
        {
            return wasLoaded ? new UnloadResult(abandoned > 0 ? before : UnloadOutcome.Pinned, abandoned, [LoadedForGood]) : UnloadResult.Nothing;
        }

        foreach (string fault in unloading.Faults)
        {
            Log.StopFault(_logger, PluginId, Generation, $"A handler of its context's Unloading event threw: {fault}");
        }

        // Calls that are still inside hold the context: forcing would only prove that.
        bool force = _options.ForceUnloadProof && abandoned == 0 && _proofs.TryTake();
        return await ProveAsync(unloading, new UnloadResult(before, abandoned, []), force, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Drops every reference to the plugin and asks its context to unload.</summary>
    /// <returns>False where nothing had been loaded.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool DropPlugin()
    {
        Volatile.Write(ref _plugin, null);
        LoadedPlugin? loaded = Interlocked.Exchange(ref _loaded, null);
        if (loaded is { Context.IsCollectible: true })
        {
            _unloading = loaded.Unload();
        }

        return loaded is not null;
    }

    private async Task<UnloadResult> ProveAsync(ContextUnloading unloading, UnloadResult before, bool force, CancellationToken cancellationToken)
    {
        UnloadProof proof = await unloading.TryProveAsync(force, _clock, _options.ClearFrameworkCaches ? ClearCaches : null, cancellationToken).ConfigureAwait(false);
        if (proof != UnloadProof.Leaked)
        {
            return proof == UnloadProof.Proved ? before with { Outcome = UnloadOutcome.Unloaded, Holders = [] } : before;
        }

        Log.Leaked(_logger, PluginId, Generation);
        return before with { Outcome = UnloadOutcome.Leaked, Holders = await NameHoldersAsync(cancellationToken).ConfigureAwait(false) };
    }

    private void ClearCaches()
    {
        foreach (string fault in FrameworkCaches.Clear())
        {
            Log.StopFault(_logger, PluginId, Generation, $"A cache of the framework could not be emptied: {fault}");
        }
    }

    private void Report(ThrownException thrown, string where)
    {
        FaultRecord record = FaultText.Record(thrown, where, PluginId, PluginTier.InProcess, Generation, _clock.GetUtcNow());
        Log.StopFault(_logger, PluginId, Generation, record.Message);
        _request.Observer.Fault(record);
    }

    private void ReportOverdue(string what)
    {
        string message = string.Create(CultureInfo.InvariantCulture, $"{what} did not end within {_options.DisposeTimeout:c}; it was left behind.");
        Log.StopFault(_logger, PluginId, Generation, message);
        _request.Observer.Fault(new FaultRecord
        {
            At = _clock.GetUtcNow(),
            PluginId = PluginId,
            Kind = FaultKind.Timeout,
            Tier = PluginTier.InProcess,
            Generation = Generation,
            Message = message,
        });
    }
}
