using Microsoft.Extensions.Logging;

namespace PluginHost.Runtime;

/// <summary>
/// A logger that puts every event into a scope of the plugin it concerns: PluginId, Tier, Generation and WorkerPid as properties, whatever
/// room logs it. Thread-safe.
/// </summary>
/// <param name="inner">Where events go.</param>
/// <param name="scope">Gives the properties of now.</param>
internal sealed class PluginLog(ILogger inner, Func<IReadOnlyList<KeyValuePair<string, object?>>> scope) : ILogger
{
    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => inner.BeginScope(state);

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!inner.IsEnabled(logLevel))
        {
            return;
        }

        using (inner.BeginScope(scope()))
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
