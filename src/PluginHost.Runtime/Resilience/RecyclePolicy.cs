using System.Globalization;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Resilience;

/// <summary>What is measured of one worker, or of one generation in-process.</summary>
/// <param name="Calls">Calls that it has taken.</param>
/// <param name="Age">How long it has been ready.</param>
/// <param name="MemoryBytes">Its resident memory; null where it is not known, as in-process.</param>
internal readonly record struct RecycleSigns(long Calls, TimeSpan Age, long? MemoryBytes);

/// <summary>What is to be done with a worker that has reached a limit of <c>recycle</c>.</summary>
/// <param name="IsKill">True to end it at once as a fault; false to replace it with no call failed.</param>
/// <param name="Limit">Which limit, such as <c>recycle.calls</c>.</param>
/// <param name="What">What is so, with both values: the end of a sentence that begins with the worker.</param>
internal sealed record RecycleFinding(bool IsKill, string Limit, string What);

/// <summary>
/// Says when a worker that has not failed is replaced: by calls, age and memory. Pure; what is measured and the jitter are passed in. After
/// gunicorn's max_requests_jitter and uWSGI's two limits on memory.
/// </summary>
internal static class RecyclePolicy
{
    // By how much calls and age may come earlier, so that workers that started together are not replaced together.
    private const double Spread = 0.1;

    /// <summary>True where these options ask for anything.</summary>
    public static bool IsOn(RecycleOptions options) => options != new RecycleOptions();

    /// <summary>True where the worker's memory has to be read.</summary>
    public static bool ReadsMemory(RecycleOptions options) => options.Memory is not null || options.MemoryHard is not null;

    /// <summary>Looks once.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="jitter">A number from 0 to 1, drawn once a worker: the limits on calls and age come earlier by up to a tenth.</param>
    /// <param name="signs">What is measured now.</param>
    /// <returns>The limit that was reached, the hard one first; null to go on.</returns>
    public static RecycleFinding? Look(RecycleOptions options, double jitter, in RecycleSigns signs)
    {
        if (options.MemoryHard is { } hard && signs.MemoryBytes is { } used && used >= hard)
        {
            return new RecycleFinding(IsKill: true, "recycle.memoryHard", $"has {Size(used)} of resident memory; recycle.memoryHard is {Size(hard)}");
        }

        if (options.Memory is { } soft && signs.MemoryBytes is { } resident && resident >= soft)
        {
            return new RecycleFinding(IsKill: false, "recycle.memory", $"has {Size(resident)} of resident memory; recycle.memory is {Size(soft)}");
        }

        if (options.Calls is { } calls && signs.Calls >= CallsLimit(calls, jitter))
        {
            return new RecycleFinding(IsKill: false, "recycle.calls", string.Create(CultureInfo.InvariantCulture, $"has taken {signs.Calls} calls; recycle.calls is {calls}"));
        }

        return options.Age is { } age && signs.Age >= AgeLimit(age, jitter)
            ? new RecycleFinding(IsKill: false, "recycle.age", $"is {Quantities.Duration(signs.Age)} old; recycle.age is {Quantities.Duration(age)}")
            : null;
    }

    /// <summary>The number of calls at which one worker is replaced: at least 1.</summary>
    public static long CallsLimit(long calls, double jitter) => Math.Max(1, calls - (long)(calls * (Spread * jitter)));

    /// <summary>The age at which one worker is replaced.</summary>
    public static TimeSpan AgeLimit(TimeSpan age, double jitter) => age * (1 - (Spread * jitter));

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024.0):0.#} MiB");
}
