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
        if (_watch is not null)
        {
            await _watch.DisposeAsync().ConfigureAwait(false);
        }

        await _window.DisposeAsync().ConfigureAwait(false);
        await _control.DisposeAsync().ConfigureAwait(false);
        WriteWindow();
        await StartOrder.StopAsync(Waves(), _options.DrainTimeout, _options.Clock, (plugin, drain) => plugin.CloseAsync(drain)).ConfigureAwait(false);

        // The reaper is told to go once no worker is left, those without a plugin included.
        await _parts.EndTiersAsync().ConfigureAwait(false);
        await Leftovers.EndOwnAsync(_options.Clock).ConfigureAwait(false);
        await _parts.DisposeAsync().ConfigureAwait(false);
        await _ended.CancelAsync().ConfigureAwait(false);
    }

    private IReadOnlyList<IReadOnlyList<PluginSupervisor>> Waves() =>
        StartOrder.Waves(_supervisors.Values, s => s.Plugin.Id, s => _parts.Services.ProvidersOf(s.Plugin));
}
