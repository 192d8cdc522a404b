namespace PluginHost.Runtime;

/// <summary>The part that ends the supervisor. Any thread.</summary>
internal sealed partial class PluginSupervisor
{
    private readonly Lock _closeLock = new();
    private Task? _closed;
    private bool _isClosing;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await CloseAsync(_settings.DrainTimeout).ConfigureAwait(false);

    /// <summary>Stops the plugin for the last time, whatever is under way, and ends the supervisor: nothing starts it any more. Idempotent.</summary>
    /// <param name="drain">How long to wait for calls in flight.</param>
    public Task CloseAsync(TimeSpan drain)
    {
        lock (_closeLock)
        {
            return _closed ??= Task.Run(() => CloseOnceAsync(drain));
        }
    }

    private async Task CloseOnceAsync(TimeSpan drain)
    {
        // Before the stop: a start that somebody asks for behind it finds the door closed.
        Volatile.Write(ref _isClosing, true);
        await TryStopAsync(drain).ConfigureAwait(false);
        _commands.Writer.TryComplete();
        await _closing.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        DropHot();
        await SparesEndedAsync().ConfigureAwait(false);
        _sets.ForEach(set => set.Release(Observer, _settings.Flight));
        _allSlots.ForEach(slots => slots.Release());
        _stages.Release();
    }

    private async Task TryStopAsync(TimeSpan drain)
    {
        try
        {
            await PostStopAsync(new Command.Stop(drain)).ConfigureAwait(false);
        }
        catch (Exception failed)
        {
            // A defect of the host's own, which the loop has logged: what is left is still taken down.
            Log.CommandFailed(_log, Plugin.Id, nameof(CloseAsync), failed);
        }
    }
}
