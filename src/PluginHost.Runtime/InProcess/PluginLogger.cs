using Microsoft.Extensions.Logging;
using PluginHost.Loading;

namespace PluginHost.Runtime.InProcess;

/// <summary>
/// Carries a plugin's log events to the host's log as plain data: a sink that queues events would otherwise hold the plugin's objects.
/// Silent once revoked, since a late event of a plugin's thread is no reason to end the process. Thread-safe.
/// </summary>
internal sealed class PluginLogger : ILogger
{
    private readonly ILogger _host;
    private readonly KeyValuePair<string, object?>[] _plugin;
    private volatile bool _isRevoked;

    public PluginLogger(ILogger host, string pluginId, int generation)
    {
        _host = host;
        _plugin = [new("PluginId", pluginId), new("Tier", "InProcess"), new("Generation", generation)];
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull =>
        _isRevoked ? null : _host.BeginScope(PlainLogState.Of(state, state.ToString() ?? "", []));

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => !_isRevoked && _host.IsEnabled(logLevel);

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        if (!IsEnabled(logLevel))
        {
            return;
        }

        PlainLogState plain = PlainLogState.Of(state, formatter(state, exception), _plugin);
        LoggedException? text = exception is null ? null : new LoggedException(ThrownException.Read(exception));
        _host.Log(logLevel, eventId, plain, text, static (s, _) => s.ToString());
    }

    /// <summary>Ends it: what the plugin still logs is dropped.</summary>
    public void Revoke() => _isRevoked = true;
}

/// <summary>An exception of a plugin in a log event: its text, host-owned.</summary>
internal sealed class LoggedException(ThrownException thrown) : Exception(thrown.Message)
{
    /// <inheritdoc/>
    public override string? StackTrace => thrown.Stack;

    /// <inheritdoc/>
    public override string ToString() => thrown.ToString();
}
