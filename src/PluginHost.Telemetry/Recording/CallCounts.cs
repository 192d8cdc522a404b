namespace PluginHost.Telemetry.Recording;

/// <summary>Calls by how they ended.</summary>
/// <param name="Ok">Calls with a result.</param>
/// <param name="Errors">Calls that ended in a declared error.</param>
/// <param name="Faulted">Calls that ended in a fault of the plugin.</param>
/// <param name="Timeouts">Calls whose deadline ended first.</param>
/// <param name="Cancelled">Calls that their caller cancelled.</param>
/// <param name="Unavailable">Calls that the plugin did not take.</param>
/// <param name="InFlight">Calls inside now.</param>
internal readonly record struct CallCounts(
    long Ok, long Errors, long Faulted, long Timeouts, long Cancelled, long Unavailable, long InFlight)
{
    /// <summary>Calls that have ended.</summary>
    public long Calls => Ok + Errors + Faulted + Timeouts + Cancelled + Unavailable;

    /// <summary>Adds two counts.</summary>
    public static CallCounts operator +(CallCounts a, CallCounts b) => new(
        a.Ok + b.Ok,
        a.Errors + b.Errors,
        a.Faulted + b.Faulted,
        a.Timeouts + b.Timeouts,
        a.Cancelled + b.Cancelled,
        a.Unavailable + b.Unavailable,
        a.InFlight + b.InFlight);
}
