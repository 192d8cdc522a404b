using System.Globalization;
using Microsoft.Extensions.Logging;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Worker;

/// <summary>The plugin's logger: events go to the host with template, properties, id, level and the exception as text. Thread-safe.</summary>
internal sealed class EventLogger(string category, LogLevel least, Action<LogEvent> send, TimeProvider clock) : ILogger
{
    private const string TemplateProperty = "{OriginalFormat}";

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= least && logLevel != LogLevel.None;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        string message = formatter(state, exception);
        string template = message;
        List<LogProperty> properties = [];
        foreach ((string name, object? value) in state as IEnumerable<KeyValuePair<string, object?>> ?? [])
        {
            if (name == TemplateProperty)
            {
                template = value as string ?? message;
            }
            else
            {
                properties.Add(Property(name, value));
            }
        }

        send(new LogEvent(clock.GetUtcNow(), (int)logLevel, category, eventId.Id, eventId.Name, template, message, properties, exception?.ToString()));
    }

    private static LogProperty Property(string name, object? value) => value switch
    {
        null => new LogProperty(name, null, LogValueKind.Text),
        bool => new LogProperty(name, Text(value), LogValueKind.Boolean),
        sbyte or byte or short or ushort or int or uint or long => new LogProperty(name, Text(value), LogValueKind.Integer),
        float or double => new LogProperty(name, Text(value), LogValueKind.Number),
        DateTimeOffset time => new LogProperty(name, time.ToString("O", CultureInfo.InvariantCulture), LogValueKind.Time),
        _ => new LogProperty(name, Text(value), LogValueKind.Text),
    };

    private static string? Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture);
}
