namespace PluginHost.Runtime.Resilience;

/// <summary>How long what is kept ready waits after it failed, before it is tried again: 1 s, doubling to 60 s with each failure in a row. Pure.</summary>
internal static class RetryPause
{
    private const int Doublings = 6;
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);

    /// <summary>The first pause.</summary>
    public static TimeSpan First { get; } = TimeSpan.FromSeconds(1);

    /// <summary>The pause after some failures in a row, the first of them 0.</summary>
    public static TimeSpan After(int failures)
    {
        TimeSpan pause = First * (1 << Math.Min(failures, Doublings));
        return pause < s_longest ? pause : s_longest;
    }
}
