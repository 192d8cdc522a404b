namespace PluginHost.Runtime.Resilience;

/// <summary>When counted faults (exceptions, time-outs) add up to a crash.</summary>
public sealed record FaultRateOptions
{
    /// <summary>Faults within <see cref="Window"/> that count as a crash. At least 1. Default 100.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>The window. Above zero. Default 1 min.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>All problems of these options at once; empty where there are none.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        if (Limit < 1)
        {
            problems.Add($"FaultRate.Limit is {Limit}; expected at least 1.");
        }

        if (Window <= TimeSpan.Zero)
        {
            problems.Add($"FaultRate.Window is {Window:c}; expected a time above zero.");
        }

        return problems;
    }
}

/// <summary>Counts faults over a sliding window. Thread-safe; bounded by the limit.</summary>
internal sealed class FaultRate(FaultRateOptions options)
{
    private readonly Lock _lock = new();
    private readonly Queue<DateTimeOffset> _faults = [];

    /// <summary>Counts one fault.</summary>
    /// <returns>True where the rate is now exceeded; the count then starts anew.</returns>
    public bool Add(DateTimeOffset now)
    {
        lock (_lock)
        {
            // Both ways: what lies ahead of a clock that was set back is as far away as what lies behind.
            while (_faults.TryPeek(out DateTimeOffset oldest) && (now - oldest).Duration() >= options.Window)
            {
                _faults.Dequeue();
            }

            _faults.Enqueue(now);
            if (_faults.Count < options.Limit)
            {
                return false;
            }

            _faults.Clear();
            return true;
        }
    }

    /// <summary>Forgets all faults: a new generation starts clean.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _faults.Clear();
        }
    }
}
