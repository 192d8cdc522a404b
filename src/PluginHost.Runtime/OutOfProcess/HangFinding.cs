using System.Globalization;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Processes;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>What is known of a hung worker before it is ended. Immutable.</summary>
/// <param name="What">What it does, as the end of a sentence that begins with the worker.</param>
/// <param name="Method">The method that does not end, where it is known to be one.</param>
/// <param name="Threads">Its threads as text, busiest first; null where they cannot be read.</param>
internal sealed record HangFinding(string What, string? Method, string? Threads)
{
    private const int MostNamed = 5;
    private const int LongestName = 200;

    /// <summary>Puts one together. A pure function.</summary>
    /// <param name="silence">For how long nothing has come from it.</param>
    /// <param name="overdue">How long its worst call goes on too long.</param>
    /// <param name="waiting">The methods whose callers wait.</param>
    /// <param name="beat">What it said last of what it runs; null where it never did.</param>
    /// <param name="worst">The call of that which goes on too long, or null.</param>
    /// <param name="threads">Its threads; null where they cannot be read.</param>
    public static HangFinding Of(
        TimeSpan silence, TimeSpan overdue, IReadOnlyList<string> waiting, HeartbeatNotice? beat, RunningCall? worst, WorkerThreads? threads)
    {
        string running = beat is { Calls.Count: > 0 } ? $" It runs {Named([.. beat.Calls.Select(Describe)])}." : "";
        if (overdue > silence && worst is not null)
        {
            string pool = beat!.PoolDelay > TimeSpan.FromSeconds(1) ? $" Its thread pool has let work wait for {Seconds(beat.PoolDelay)}." : "";
            return new HangFinding(
                $"has gone on with {Name(worst.Method)} for {Seconds(overdue)} after the call's time had ended and it was asked to stop.{running}{pool}", Name(worst.Method), threads?.Text);
        }

        string calls = waiting.Count == 0 ? "calls were pending" : $"it was to answer {Named(waiting)}";
        string state = threads is { IsStopped: true } ? " Its process is stopped (state T), by a signal or a debugger." : "";
        string last = running.Length == 0 ? " It never said what it runs." : running.Replace(" It runs ", " What it ran when it was last heard: ", StringComparison.Ordinal);
        return new HangFinding(
            $"has given no sign of life for {Seconds(silence)} while {calls}.{state}{last}", waiting.Distinct().Count() == 1 ? waiting[0] : null, threads?.Text);
    }

    private static string Describe(RunningCall call) =>
        $"{Name(call.Method)} ({(call.HasBegun ? $"for {Seconds(call.Running)}" : "waits for a thread")}{(call.AskedToStop is { } asked ? $", asked to stop {Seconds(asked)} ago" : "")})";

    /// <summary>A name as a worker gave it, which may be anything.</summary>
    private static string Name(string method) =>
        string.Concat(method.Take(LongestName).Select(static c => char.IsAsciiLetterOrDigit(c) || char.IsLetter(c) || c is '.' or '_' or '$' or '/' ? c : '?'));

    private static string Named(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(MostNamed)) + (names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "");

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s");
}
