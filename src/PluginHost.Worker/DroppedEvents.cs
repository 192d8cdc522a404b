using System.Globalization;
using Microsoft.Extensions.Logging;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Worker;

/// <summary>The event that says how many were dropped because the host did not read.</summary>
internal static class DroppedEvents
{
    /// <summary>Its number.</summary>
    public const int EventId = 6003;

    /// <summary>Describes them.</summary>
    /// <param name="count">How many.</param>
    /// <param name="next">The next event that is sent.</param>
    public static LogEvent Describe(long count, LogEvent next)
    {
        string number = count.ToString(CultureInfo.InvariantCulture);
        return next with
        {
            Level = (int)LogLevel.Warning,
            EventId = EventId,
            EventName = "EventsDropped",
            Template = "{Count} log events were dropped before this one: the host did not read them in time.",
            Message = $"{number} log events were dropped before this one: the host did not read them in time.",
            Properties = [new LogProperty("Count", number, LogValueKind.Integer)],
            Exception = null,
        };
    }
}
