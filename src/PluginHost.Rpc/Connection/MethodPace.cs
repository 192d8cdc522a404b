namespace PluginHost.Rpc.Connection;

/// <summary>
/// Remembers of one method whether its handlers ended quickly: only then the reading thread runs them itself. A method that once was slow has to be
/// quick again for a number of calls, twice as many each time. One that mostly awaits gains nothing there, and its state machines, which are pooled
/// where they end, stay on the pool's threads. Thread-safe: a count that is lost delays the decision and nothing else.
/// </summary>
internal sealed class MethodPace
{
    private const int FirstTrials = 2;
    private const int TrialsAfterSlow = 16;
    private const int MostTrials = 4096;
    private const int MostAwaits = 64;
    private static readonly TimeSpan s_slow = TimeSpan.FromMicroseconds(200);
    private int _trials = FirstTrials;
    private int _nextTrials = TrialsAfterSlow;
    private int _awaits;
    private int _stuck;

    /// <summary>True where the handler may run on the reading thread.</summary>
    public bool IsQuick => Volatile.Read(ref _trials) <= 0 && Volatile.Read(ref _stuck) == 0 && !MostlyAwaits;

    /// <summary>True where handlers give their thread back quickly, and end later.</summary>
    public bool MostlyAwaits => Volatile.Read(ref _awaits) > MostAwaits / 2 && Volatile.Read(ref _trials) <= 0;

    /// <summary>Takes how a handler ran.</summary>
    /// <param name="held">How long it held its thread: until it returned or first awaited.</param>
    /// <param name="hasEnded">True where it had ended by then.</param>
    public void Ran(TimeSpan held, bool hasEnded)
    {
        int awaits = Volatile.Read(ref _awaits);
        if (hasEnded ? awaits > 0 : awaits < MostAwaits)
        {
            Volatile.Write(ref _awaits, awaits + (hasEnded ? -1 : 4));
        }

        int trials = Volatile.Read(ref _trials);
        if (held > s_slow)
        {
            Volatile.Write(ref _trials, _nextTrials);
            _nextTrials = Math.Min(MostTrials, _nextTrials * 2);
        }
        else if (trials > 0)
        {
            Volatile.Write(ref _trials, trials - 1);
        }
    }

    /// <summary>A handler holds the reading thread for too long. Until <see cref="Freed"/> no other runs there.</summary>
    public void Stuck() => Interlocked.Increment(ref _stuck);

    /// <summary>A handler that was stuck gave its thread back.</summary>
    public void Freed() => Interlocked.Decrement(ref _stuck);
}
