using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace PluginHost.Processes.Tests.Support;

/// <summary>One event as a logger got it.</summary>
internal sealed record LoggedEvent(LogLevel Level, EventId Id, string Message, string? Exception, IReadOnlyList<KeyValuePair<string, object?>> Properties)
{
    public object? this[string name] => Properties.FirstOrDefault(p => p.Key == name).Value;
}

/// <summary>Keeps what is logged and lets a test wait for it.</summary>
internal sealed class RecordingLogger : ILogger
{
    private readonly ConcurrentQueue<LoggedEvent> _events = new();
    private readonly Channel<bool> _arrived = Channel.CreateUnbounded<bool>();

    public IReadOnlyList<LoggedEvent> Events => [.. _events];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        IReadOnlyList<KeyValuePair<string, object?>> properties = state is IReadOnlyList<KeyValuePair<string, object?>> list ? [.. list] : [];
        _events.Enqueue(new LoggedEvent(logLevel, eventId, formatter(state, exception), exception?.ToString(), properties));
        _arrived.Writer.TryWrite(true);
    }

    public async Task<LoggedEvent> WaitForAsync(Func<LoggedEvent, bool> wanted)
    {
        using CancellationTokenSource deadline = new(Shell.Long);
        while (true)
        {
            if (_events.FirstOrDefault(wanted) is { } found)
            {
                return found;
            }

            await _arrived.Reader.ReadAsync(deadline.Token);
        }
    }
}
