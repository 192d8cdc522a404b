namespace PluginHost.Runtime.InProcess;

/// <summary>Allows a forced proof of an unload once in a while: forced collections stop every thread of the application. Thread-safe.</summary>
internal sealed class ProofBudget(TimeSpan every, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private long? _last;

    /// <summary>True where one may be made now; it then counts as made.</summary>
    public bool TryTake()
    {
        lock (_lock)
        {
            if (_last is { } last && clock.GetElapsedTime(last) < every)
            {
                return false;
            }

            _last = clock.GetTimestamp();
            return true;
        }
    }
}
