using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Resilience;

/// <summary>
/// How much an in-process plugin may do to its host before it runs in a child process, where the operator's policy allows the move
/// (<c>"demotion": true</c>). It is never moved back but by a reset. Immutable.
/// </summary>
public sealed record DemotionOptions
{
    private const int Most = 1000;

    /// <summary>Deaths of the host within <see cref="Window"/>, by any signal, while a thread was in the plugin. 0 for any number, at most 1000. Default 1.</summary>
    public int HostDeaths { get; init; } = 1;

    /// <summary>How often its faults may exceed <see cref="FaultRateOptions"/> within <see cref="Window"/>. 0 for any number, at most 1000. Default 3.</summary>
    public int FaultRates { get; init; } = 3;

    /// <summary>How often it may cost <see cref="StuckCallOptions.LostThreads"/> within <see cref="Window"/>. 0 for any number, at most 1000. Default 1.</summary>
    public int LostThreads { get; init; } = 1;

    /// <summary>
    /// Unloads within <see cref="Window"/> after which the plugin stayed in memory, or a call did not come out of it. 0 for any number, at most 1000. Default 3.
    /// </summary>
    public int UnloadLeaks { get; init; } = 3;

    /// <summary>The window. 1 s to 365 days. Default 24 h.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromHours(24);

    /// <summary>All problems of these options at once; empty where there are none.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        Check(nameof(HostDeaths), HostDeaths);
        Check(nameof(FaultRates), FaultRates);
        Check(nameof(LostThreads), LostThreads);
        Check(nameof(UnloadLeaks), UnloadLeaks);
        if (Window < TimeSpan.FromSeconds(1) || Window > TimeSpan.FromDays(365))
        {
            problems.Add($"Demotion.{nameof(Window)} is {Window:c}; expected 1 s to 365 days.");
        }

        return problems;

        void Check(string name, int value)
        {
            if (value is < 0 or > Most)
            {
                problems.Add($"Demotion.{name} is {value}; expected 0 to {Most}, 0 for any number.");
            }
        }
    }
}

/// <summary>Decides when a plugin has done enough to its host to run out of process. Pure, with the times passed in.</summary>
internal static class DemotionPolicy
{
    /// <summary>Adds an incident and decides.</summary>
    /// <param name="history">What was before.</param>
    /// <param name="incident">What happened.</param>
    /// <param name="options">The budgets.</param>
    /// <returns>The history with it; the same where it changes nothing: decided before, or told of before.</returns>
    public static IncidentHistory Add(IncidentHistory history, Incident incident, DemotionOptions options)
    {
        int limit = LimitOf(incident.Kind, options);
        if (history.Demotion is not null || limit == 0 || (incident.Key is not null && history.Incidents.Any(i => i.Kind == incident.Kind && i.Key == incident.Key)))
        {
            return history;
        }

        // Both ways: what lies ahead of a clock that was set back is as far away as what lies behind.
        List<Incident> recent = [.. history.Incidents.Where(i => (incident.At - i.At).Duration() < options.Window), incident];
        int count = recent.Count(i => i.Kind == incident.Kind);
        return count < limit
            ? new IncidentHistory(recent, null)
            : new IncidentHistory([], new Demotion(PluginTier.Process, Because(incident, count, options.Window), incident.At));
    }

    private static int LimitOf(IncidentKind kind, DemotionOptions options) => kind switch
    {
        IncidentKind.HostDeath => options.HostDeaths,
        IncidentKind.FaultRate => options.FaultRates,
        IncidentKind.UnloadLeak => options.UnloadLeaks,
        IncidentKind.LostThreads => options.LostThreads,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a defined kind of incident."),
    };

    private static string Because(Incident last, int count, TimeSpan window) => count == 1
        ? last.What
        : string.Create(CultureInfo.InvariantCulture, $"{WordsOf(last.Kind, count)} within {window:c}, the last time: {last.What}");

    private static string WordsOf(IncidentKind kind, int count) => kind switch
    {
        IncidentKind.HostDeath => string.Create(CultureInfo.InvariantCulture, $"{count} hosts died in it"),
        IncidentKind.FaultRate => string.Create(CultureInfo.InvariantCulture, $"its faults came too fast {count} times"),
        IncidentKind.LostThreads => string.Create(CultureInfo.InvariantCulture, $"it cost the application too many threads {count} times"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{count} of its generations could not be unloaded"),
    };
}
