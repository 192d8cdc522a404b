using Microsoft.Extensions.Logging;
using PluginHost.Rpc.Connection;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>A worker's logger: the engine's until the worker has a plugin, the plugin's from then on. Thread-safe.</summary>
internal sealed class LateLogger(ILogger first) : ILogger
{
    private ILogger _current = first;

    /// <summary>Where events go from here on.</summary>
    public void Become(ILogger logger) => Volatile.Write(ref _current, logger);

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => Volatile.Read(ref _current).BeginScope(state);

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => Volatile.Read(ref _current).IsEnabled(logLevel);

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Volatile.Read(ref _current).Log(logLevel, eventId, state, exception, formatter);
}

/// <summary>A worker's chains of callers: none until the worker has a plugin, the plugin's from then on. Thread-safe.</summary>
internal sealed class LateChain : CallChain
{
    private CallChain? _current;

    /// <inheritdoc/>
    public override string? Current => Volatile.Read(ref _current)?.Current;

    /// <summary>Whose chains they are from here on; null for none.</summary>
    public void Become(CallChain? chain) => Volatile.Write(ref _current, chain);

    /// <inheritdoc/>
    public override void Enter(string chain) => Volatile.Read(ref _current)?.Enter(chain);

    /// <inheritdoc/>
    public override void Leave() => Volatile.Read(ref _current)?.Leave();
}
