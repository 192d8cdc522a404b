using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Resilience;

/// <summary>What to do about a failure.</summary>
internal abstract record RestartDecision
{
    private RestartDecision()
    {
    }

    /// <summary>Start the next generation after a delay.</summary>
    /// <param name="Delay">From now; zero for at once.</param>
    /// <param name="Attempt">Which restart of the current run of failures this is, from 1.</param>
    public sealed record Restart(TimeSpan Delay, int Attempt) : RestartDecision;

    /// <summary>Start no more until an operator resets the plugin.</summary>
    /// <param name="Reason">Why, in words.</param>
    public sealed record Quarantine(string Reason) : RestartDecision;

    /// <summary>Stop without quarantine: the plugin's kind of restart does not restart after such an end.</summary>
    /// <param name="Reason">Why, in words.</param>
    public sealed record Rest(string Reason) : RestartDecision;

    /// <summary>Starting again cannot help.</summary>
    /// <param name="Reason">Why, in words.</param>
    public sealed record Refuse(string Reason) : RestartDecision;
}

/// <summary>The restarts that count against a plugin's budget, newest last. Immutable; times come from one clock.</summary>
/// <param name="Restarts">When the plugin was restarted because of a crash.</param>
/// <param name="StartFailures">Failed starts in a row.</param>
internal sealed record RestartHistory(IReadOnlyList<DateTimeOffset> Restarts, int StartFailures)
{
    /// <summary>A plugin that has not failed.</summary>
    public static RestartHistory Empty { get; } = new([], 0);
}

/// <summary>
/// The restart policy: pure, with the time passed in. First restart at once, then 1 s doubling to 60 s with jitter; <c>limit</c> restarts in
/// <c>window</c>, the next failure quarantines; stable for 5 min clears; a transient or temporary plugin may rest instead. After Erlang's supervisor (restart intensity) with back-off added.
/// </summary>
internal static class RestartPolicy
{
    /// <summary>How long a plugin must have run for its failures to be forgotten: 5 min.</summary>
    public static readonly TimeSpan StableAfter = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan s_firstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromSeconds(60);

    /// <summary>Decides what follows a failure.</summary>
    /// <param name="kind">What went wrong.</param>
    /// <param name="history">What went wrong before.</param>
    /// <param name="options">The plugin's budget.</param>
    /// <param name="readyAt">When the failed generation had become ready; null where it never was.</param>
    /// <param name="now">The time.</param>
    /// <param name="jitter">A random number from 0 to 1: the delay is shortened by up to a fifth.</param>
    /// <param name="exitCode">The worker's exit code, where it exited.</param>
    /// <returns>The decision and the history that includes this failure.</returns>
    public static (RestartDecision Decision, RestartHistory History) Decide(
        FaultKind kind,
        RestartHistory history,
        RestartOptions options,
        DateTimeOffset? readyAt,
        DateTimeOffset now,
        double jitter,
        int? exitCode = null)
    {
        if (readyAt is { } ready && now - ready >= StableAfter)
        {
            history = RestartHistory.Empty;
        }

        FailureClass failure = FailureClasses.Of(kind);
        if (failure != FailureClass.Never && RestOf(options.Type, kind, exitCode) is { } rest)
        {
            return (rest, history);
        }

        switch (failure)
        {
            case FailureClass.Never:
                return (new RestartDecision.Refuse(FaultKinds.Describe(kind).Sentence), history);

            case FailureClass.Start:
                history = history with { StartFailures = history.StartFailures + 1 };
                return history.StartFailures > 1
                    ? (new RestartDecision.Quarantine("It failed to start twice in a row."), history)
                    : (new RestartDecision.Restart(Delay(1, jitter), 1), history);

            default:
                return DecideCrash(history, options, now, jitter);
        }
    }

    /// <summary>The delay before a restart: none before the first, then 1 s doubling to 60 s, shortened by up to a fifth.</summary>
    /// <param name="earlier">Restarts before this one within the window.</param>
    /// <param name="jitter">A random number from 0 to 1.</param>
    public static TimeSpan Delay(int earlier, double jitter)
    {
        if (earlier == 0)
        {
            return TimeSpan.Zero;
        }

        double seconds = s_firstDelay.TotalSeconds * Math.Pow(2, Math.Min(earlier - 1, 16));
        return TimeSpan.FromSeconds(Math.Min(seconds, s_longestDelay.TotalSeconds) * (1 - (0.2 * jitter)));
    }

    private static RestartDecision.Rest? RestOf(RestartType type, FaultKind kind, int? exitCode) => type switch
    {
        RestartType.Temporary => new RestartDecision.Rest("It is not restarted: restart.type is \"temporary\"."),
        RestartType.Transient when kind == FaultKind.Exit && exitCode == 0 =>
            new RestartDecision.Rest("It ended with exit code 0 and is not restarted: restart.type is \"transient\"."),
        _ => null,
    };

    private static (RestartDecision, RestartHistory) DecideCrash(RestartHistory history, RestartOptions options, DateTimeOffset now, double jitter)
    {
        // Both ways: what lies ahead of a clock that was set back is as far away as what lies behind.
        DateTimeOffset[] recent = [.. history.Restarts.Where(at => (now - at).Duration() < options.Window)];
        if (recent.Length >= options.Limit)
        {
            string reason = string.Create(
                CultureInfo.InvariantCulture,
                $"It failed again after {recent.Length} restart(s) within {options.Window:c}; restart.limit is {options.Limit}.");
            return (new RestartDecision.Quarantine(reason), history with { Restarts = recent });
        }

        // Sustained budgets (a limit of 100) must not wait a minute between single crashes that lie far apart: only neighbours add up.
        int run = 0;
        for (int i = recent.Length - 1; i >= 0 && (i == recent.Length - 1 ? now : recent[i + 1]) - recent[i] < s_longestDelay * 2; i--)
        {
            run++;
        }

        return (new RestartDecision.Restart(Delay(run, jitter), run + 1), new RestartHistory([.. recent, now], 0));
    }
}
