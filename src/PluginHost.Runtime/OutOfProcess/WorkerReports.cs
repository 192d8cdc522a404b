using System.Globalization;
using Microsoft.Extensions.Logging;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>Hears what a worker reports by itself: its log events, which go to the plugin's logger as they were, and its last words.</summary>
internal sealed class WorkerReports(ILogger logger) : HostNotifications
{
    private DyingNotice? _dying;
    private HeartbeatNotice? _heartbeat;

    /// <summary>The exception that was about to end the worker, or null.</summary>
    public DyingWords? Dying => Volatile.Read(ref _dying) is { } notice ? new DyingWords(notice.Type, notice.Message, notice.Stack) : null;

    /// <summary>What it said last of what it runs; null where it has not yet.</summary>
    public HeartbeatNotice? Heartbeat => Volatile.Read(ref _heartbeat);

    /// <inheritdoc/>
    protected override void OnHeartbeat(HeartbeatNotice notice) => Volatile.Write(ref _heartbeat, notice);

    /// <inheritdoc/>
    protected override void OnDying(DyingNotice notice) => Interlocked.CompareExchange(ref _dying, notice, null);

    /// <inheritdoc/>
    protected override void OnLog(LogEvent logged)
    {
        LogLevel level = (LogLevel)Math.Clamp(logged.Level, (int)LogLevel.Trace, (int)LogLevel.Critical);
        List<KeyValuePair<string, object?>> state = [.. logged.Properties.Select(p => new KeyValuePair<string, object?>(p.Name, Value(p)))];
        state.Add(new("{OriginalFormat}", logged.Template ?? logged.Message));
        logger.Log(
            level,
            new EventId(logged.EventId, logged.EventName),
            new RemoteState(state, logged.Message),
            logged.Exception is null ? null : new RemoteLoggedException(logged.Exception),
            static (state, _) => state.Message);
    }

    private static object? Value(LogProperty property) => property.Kind switch
    {
        LogValueKind.Integer when long.TryParse(property.Value, CultureInfo.InvariantCulture, out long integer) => integer,
        LogValueKind.Number when double.TryParse(property.Value, CultureInfo.InvariantCulture, out double number) => number,
        LogValueKind.Boolean when bool.TryParse(property.Value, out bool truth) => truth,
        LogValueKind.Time when DateTimeOffset.TryParse(property.Value, CultureInfo.InvariantCulture, out DateTimeOffset time) => time,
        _ => property.Value,
    };

    /// <summary>An event's properties, as loggers expect them.</summary>
    private sealed class RemoteState(List<KeyValuePair<string, object?>> properties, string message) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        public string Message => message;

        public int Count => properties.Count;

        public KeyValuePair<string, object?> this[int index] => properties[index];

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => properties.GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

        public override string ToString() => message;
    }
}

/// <summary>An exception that a plugin logged in its worker: its text alone.</summary>
internal sealed class RemoteLoggedException(string text) : Exception(FirstLine(text))
{
    /// <inheritdoc/>
    public override string ToString() => text;

    private static string FirstLine(string text)
    {
        int end = text.AsSpan().IndexOfAny('\r', '\n');
        return end < 0 ? text : text[..end];
    }
}
