using System.Collections.Concurrent;
using System.Diagnostics;
using PluginHost.Cli.Output;
using PluginHost.Contracts.Faults;

namespace PluginHost.Cli.Bench;

/// <summary>Sends requests at a fixed rate, whatever becomes of them, and kills a worker again and again; of several each in turn.</summary>
/// <param name="plugin">The plugin, with its spare.</param>
/// <param name="serviceMilliseconds">How long a request takes inside it.</param>
/// <param name="isIdempotent">Whether a lost request may be sent again.</param>
/// <param name="clock">The clock of the waits; times are measured by the machine's own.</param>
internal sealed class CrashRun(Restarted plugin, int serviceMilliseconds, bool isIdempotent, TimeProvider clock)
{
    /// <summary>How often the worker is killed.</summary>
    public const int Crashes = 10;

    private const int RequestsPerSecond = 1000;
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(500);
    private readonly ConcurrentQueue<Request> _ended = new();

    /// <summary>Measures.</summary>
    public async Task<CrashLine> MeasureAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await plugin.SettleAsync(cancellationToken).ConfigureAwait(false);
        Task<List<Task>> sending = Task.Run(() => SendAsync(enough.Token), CancellationToken.None);
        int before = plugin.RestartTimes.Count;
        List<long> kills = [];
        for (int crash = 0; crash < Crashes; crash++)
        {
            await plugin.SettleAsync(cancellationToken).ConfigureAwait(false);
            await Task.Delay(s_between, clock, cancellationToken).ConfigureAwait(false);
            kills.Add(Stopwatch.GetTimestamp());
            plugin.Kill();
        }

        await plugin.SettleAsync(cancellationToken).ConfigureAwait(false);
        await Task.Delay(s_between, clock, cancellationToken).ConfigureAwait(false);
        await enough.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(await sending.ConfigureAwait(false)).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return Line([.. _ended], kills, [.. plugin.RestartTimes.Skip(before)]);
    }

    private async Task<List<Task>> SendAsync(CancellationToken enough)
    {
        List<Task> all = [];
        using PeriodicTimer timer = new(s_tick, clock);
        for (long began = Stopwatch.GetTimestamp(); !enough.IsCancellationRequested; await timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false))
        {
            // As many as are due: a late tick sends those of the ticks that it missed.
            for (long due = (long)(Stopwatch.GetElapsedTime(began).TotalSeconds * RequestsPerSecond); all.Count < due;)
            {
                all.Add(RequestAsync());
            }
        }

        return all;
    }

    private async Task RequestAsync()
    {
        long began = Stopwatch.GetTimestamp();
        bool isAnswered = false;
        try
        {
            await (isIdempotent ? plugin.Plugin.ServeAgainAsync(serviceMilliseconds, CancellationToken.None) : plugin.Plugin.ServeAsync(serviceMilliseconds, CancellationToken.None))
                .ConfigureAwait(false);
            isAnswered = true;
        }
        catch (PluginException)
        {
            // Dropped: counted below.
        }

        _ended.Enqueue(new Request(began, Stopwatch.GetTimestamp(), isAnswered));
    }

    /// <param name="requests">All that were sent.</param>
    /// <param name="kills">When a worker was killed.</param>
    /// <param name="replacements">How long each replacement took: with several workers the next answer comes from the others, and says nothing of it.</param>
    private CrashLine Line(List<Request> requests, List<long> kills, IReadOnlyList<double> replacements)
    {
        Request[] answered = [.. requests.Where(r => r.IsAnswered)];
        List<double> restarts = [];
        List<double> held = [];
        for (int crash = 0; crash < kills.Count; crash++)
        {
            long kill = kills[crash];
            long next = plugin.Workers > 1 && crash < replacements.Count
                ? kill + (long)(replacements[crash] * Stopwatch.Frequency / 1000)
                : answered.Where(r => r.Began > kill).Select(r => r.Ended).DefaultIfEmpty(kill).Min();
            restarts.Add(Milliseconds(kill, next));
            held.AddRange(answered.Where(r => r.Began >= kill && r.Began < next).Select(r => Milliseconds(r.Began, r.Ended)));
        }

        int dropped = requests.Count - answered.Length;
        double restart = Distribution.Median([.. restarts]);
        double share = (double)RequestsPerSecond / plugin.Workers;
        double inFlight = share * serviceMilliseconds / 1000;
        return new CrashLine
        {
            Workers = plugin.Workers,
            RequestsPerSecond = RequestsPerSecond,
            ServiceTimeMs = serviceMilliseconds,
            Idempotent = isIdempotent,
            Spare = Words.Of(plugin.Spare),
            Crashes = kills.Count,
            Sent = requests.Count,
            Succeeded = answered.Length,
            Dropped = dropped,
            DroppedPerCrash = Math.Round((double)dropped / kills.Count, 2),
            PredictedInFlight = Math.Round(inFlight, 2),
            NaiveDropped = Math.Round(inFlight + (share * restart / 1000), 1),
            HeldP99Ms = Math.Round(Distribution.At([.. held], 0.99), 2),
            RestartMilliseconds = Math.Round(restart, 2),
        };
    }

    private static double Milliseconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;

    /// <summary>A request that has ended.</summary>
    private readonly record struct Request(long Began, long Ended, bool IsAnswered);
}
