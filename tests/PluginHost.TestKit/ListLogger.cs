using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace PluginHost.TestKit;

/// <summary>One event that a <see cref="ListLogger"/> took.</summary>
/// <param name="Category">The logger's category.</param>
/// <param name="Level">The level.</param>
/// <param name="Id">The event's id and name.</param>
/// <param name="Message">The text a person reads.</param>
/// <param name="Template">The message template, or null where the event has none.</param>
/// <param name="Properties">The structured values by name, without the template; scopes' values included.</param>
/// <param name="Exception">The exception, or null.</param>
public sealed record LoggedEvent(
    string Category,
    LogLevel Level,
    EventId Id,
    string Message,
    string? Template,
    IReadOnlyDictionary<string, object?> Properties,
    Exception? Exception);

/// <summary>Keeps log events in order for a test to read. Every level is on. Thread-safe.</summary>
public sealed class ListLogger : ILogger, ILoggerFactory, ILoggerProvider
{
    private const string TemplateName = "{OriginalFormat}";
    private readonly ConcurrentQueue<LoggedEvent> _events;
    private readonly LoggerExternalScopeProvider _scopes;
    private readonly string _category;

    /// <summary>Creates an empty one.</summary>
    public ListLogger()
        : this("", new ConcurrentQueue<LoggedEvent>(), new LoggerExternalScopeProvider())
    {
    }

    private ListLogger(string category, ConcurrentQueue<LoggedEvent> events, LoggerExternalScopeProvider scopes) =>
        (_category, _events, _scopes) = (category, events, scopes);

    /// <summary>What was logged so far, through this logger and every one that it created.</summary>
    public IReadOnlyList<LoggedEvent> Events => [.. _events];

    /// <summary>The messages at or above a level.</summary>
    public IEnumerable<string> Messages(LogLevel atLeast = LogLevel.Trace) =>
        Events.Where(logged => logged.Level >= atLeast).Select(logged => logged.Message);

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new ListLogger(categoryName, _events, _scopes);

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) =>
        throw new NotSupportedException("A ListLogger writes to its list alone.");

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => _scopes.Push(state);

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        Dictionary<string, object?> properties = [];
        _scopes.ForEachScope(static (scope, into) => Add(scope, into), properties);
        Add(state, properties);
        properties.Remove(TemplateName, out object? template);
        _events.Enqueue(new LoggedEvent(
            _category, logLevel, eventId, formatter(state, exception), template as string, properties, exception));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static void Add(object? values, Dictionary<string, object?> into)
    {
        if (values is IEnumerable<KeyValuePair<string, object?>> pairs)
        {
            foreach ((string name, object? value) in pairs)
            {
                into[name] = value;
            }
        }
    }
}
