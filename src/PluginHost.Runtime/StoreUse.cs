using Microsoft.Extensions.Logging;
using PluginHost.Runtime.Store;

namespace PluginHost.Runtime;

/// <summary>
/// Says which copies of the store are in use, and removes the others: in use is what a plugin runs, holds ready or lets end, and what was prepared and
/// is neither taken nor refused yet. Thread-safe.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="running">The content hashes that plugins use now.</param>
/// <param name="logger">Told of what cannot be removed.</param>
internal sealed class StoreUse(PluginStore store, Func<IEnumerable<string>> running, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly List<string> _held = [];
    private bool _isClosed;

    /// <summary>Keeps what is prepared through it until it is disposed; then what nobody uses is removed.</summary>
    public StoreHold Hold() => new(this);

    /// <summary>Removes the copies that nobody uses. What cannot be removed now is logged, and tried again the next time.</summary>
    public void Collect()
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            try
            {
                store.Collect(new HashSet<string>([.. running(), .. _held], StringComparer.Ordinal));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                Log.StoreNotCollected(logger, error.Message);
            }
        }
    }

    /// <summary>From here on the store is left as it is: its folder may be another host's next.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
        }
    }

    private SupervisedPlugin? Keep(Func<SupervisedPlugin?> prepare, List<string> kept)
    {
        // Laid out and held in one step: no collection comes between.
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(PluginRuntime));
            SupervisedPlugin? plugin = prepare();
            if (plugin?.ContentHash is { } hash)
            {
                kept.Add(hash);
                _held.Add(hash);
            }

            return plugin;
        }
    }

    private void Release(List<string> kept)
    {
        lock (_lock)
        {
            kept.ForEach(hash => _held.Remove(hash));
            kept.Clear();
        }
    }

    /// <summary>What one request has prepared. Not thread-safe.</summary>
    internal sealed class StoreHold(StoreUse use) : IDisposable
    {
        private readonly List<string> _kept = [];

        /// <summary>Prepares a plugin and keeps its copy.</summary>
        /// <exception cref="ObjectDisposedException">The runtime is being stopped.</exception>
        public SupervisedPlugin? Keep(Func<SupervisedPlugin?> prepare) => use.Keep(prepare, _kept);

        /// <inheritdoc/>
        public void Dispose()
        {
            use.Release(_kept);
            use.Collect();
        }
    }
}
