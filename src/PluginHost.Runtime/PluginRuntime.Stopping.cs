namespace PluginHost.Runtime;

/// <content>The end of a runtime.</content>
public sealed partial class PluginRuntime
{
    private Task? _stopping;

    /// <summary>
    /// Stops every plugin, whatever is under way, and every worker: plugins that are served by others before those. All of them together wait for calls
    /// in flight for <see cref="PluginRuntimeOptions.DrainTimeout"/>; then each is taken down within seconds. Idempotent: every caller waits for the end.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Task stopping;
        lock (_ended)
        {
            Volatile.Write(ref _isDisposed, true);
            stopping = _stopping ??= Task.Run(StopOnceAsync);
        }

        await stopping.ConfigureAwait(false);
    }

    private async Task StopOnceAsync()
    {
        // What a watch takes from here on comes too late: all that runs is in the roster.
        _roster.Close();
        _store.Close();
        await EndAsync("watch", () => _watch?.DisposeAsync()).ConfigureAwait(false);
        await EndAsync("window", () => _window?.DisposeAsync()).ConfigureAwait(false);
        await EndAsync("control socket", () => _control?.DisposeAsync()).ConfigureAwait(false);
        WriteWindow();
        await StartOrder.StopAsync(
            Waves(), _options.DrainTimeout, _options.Clock, (plugin, drain) => EndAsync(plugin.Plugin.Id, () => new ValueTask(plugin.CloseAsync(drain)))).ConfigureAwait(false);

        // The reaper is told to go once no worker is left, those without a plugin included.
        await EndAsync("spare workers", () => new ValueTask(_parts.EndTiersAsync())).ConfigureAwait(false);
        await EndAsync("sweep", () => new ValueTask(Leftovers.EndOwnAsync(_options.Clock))).ConfigureAwait(false);
        await _parts.DisposeAsync().ConfigureAwait(false);
        await _ended.CancelAsync().ConfigureAwait(false);
    }

    // Whatever becomes of one part: the others are ended, and the state folder is free for the next host.
    private async Task EndAsync(string part, Func<ValueTask?> end)
    {
        try
        {
            await (end() ?? ValueTask.CompletedTask).ConfigureAwait(false);
        }
        catch (Exception failed)
        {
            Log.EndFailed(_parts.Logger, part, failed);
        }
    }

    private IReadOnlyList<IReadOnlyList<PluginSupervisor>> Waves() =>
        StartOrder.Waves(_roster.All, s => s.Plugin.Id, s => _parts.Services.ProvidersOf(s.Plugin));
}
