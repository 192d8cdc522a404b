using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>How a call came through a <see cref="CallGate"/>.</summary>
internal enum GateResult
{
    /// <summary>It is in; pair with <see cref="CallGate.Leave"/>.</summary>
    Entered,

    /// <summary>As many were waiting as may wait.</summary>
    Full,

    /// <summary>Its deadline ended while it waited.</summary>
    TimedOut,
}

/// <summary>
/// Lets a bounded number of calls in and a bounded number wait, in turn. A call that need not wait costs two interlocked operations. Thread-safe.
/// </summary>
/// <param name="concurrency">How many may be inside at once.</param>
/// <param name="queue">How many may wait here.</param>
/// <param name="clock">The clock.</param>
/// <param name="freed">Told after each call that went out, for calls that wait elsewhere; null where none do. Be quick.</param>
[SuppressMessage("Reliability", "CA1001", Justification = "The semaphore holds no handle until one is asked for, and calls still leave while their instance is being disposed.")]
internal sealed class CallGate(int concurrency, int queue, TimeProvider clock, Action? freed = null)
{
    // Who leaves while calls wait puts one turn in here.
    private readonly SemaphoreSlim _turns = new(0);

    // The room that is left, or below 0 how many calls wait.
    private int _room = concurrency;
    private int _waiting;

    /// <summary>How many may be inside at once.</summary>
    public int Concurrency { get; } = concurrency;

    /// <summary>How many may wait.</summary>
    public int Queue => queue;

    /// <summary>How many could go in now; 0 where it is full.</summary>
    public int Room => Math.Max(0, Volatile.Read(ref _room));

    /// <summary>How many are inside now.</summary>
    public int Inside => Concurrency - Room;

    /// <summary>How many calls are inside or wait.</summary>
    public int Busy => Concurrency - Volatile.Read(ref _room);

    /// <summary>How many wait now.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Goes in where there is room, without waiting.</summary>
    public bool TryEnter()
    {
        int room = Volatile.Read(ref _room);
        while (room > 0)
        {
            int seen = Interlocked.CompareExchange(ref _room, room - 1, room);
            if (seen == room)
            {
                return true;
            }

            room = seen;
        }

        return false;
    }

    /// <summary>Goes in where there is still as much room as was seen: whoever chose this gate for its room was not overtaken.</summary>
    public bool TryEnterAt(int room) => room > 0 && Interlocked.CompareExchange(ref _room, room - 1, room) == room;

    /// <summary>Goes in, waiting its turn.</summary>
    /// <returns>The result and the Stopwatch ticks waited.</returns>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public async ValueTask<(GateResult Result, long Waited)> EnterAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        if (!TryQueue())
        {
            return (GateResult.Full, 0);
        }

        using CancellationTokenSource deadline = new(timeout, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            if (Interlocked.Decrement(ref _room) < 0)
            {
                await _turns.WaitAsync(either.Token).ConfigureAwait(false);
            }

            return (GateResult.Entered, Stopwatch.GetTimestamp() - began);
        }
        catch (OperationCanceledException)
        {
            GiveTurnUp();
            cancellationToken.ThrowIfCancellationRequested();
            return (GateResult.TimedOut, Stopwatch.GetTimestamp() - began);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>As <see cref="EnterAsync"/>, blocking the caller.</summary>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public (GateResult Result, long Waited) Enter(TimeSpan timeout, CancellationToken cancellationToken)
    {
        ValueTask<(GateResult Result, long Waited)> entering = EnterAsync(timeout, cancellationToken);
        return entering.IsCompletedSuccessfully ? entering.Result : entering.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Goes out.</summary>
    public void Leave()
    {
        if (Interlocked.Increment(ref _room) <= 0)
        {
            _turns.Release();
        }
        else
        {
            freed?.Invoke();
        }
    }

    /// <summary>Waits no more. Where a turn was given to this call meanwhile, or to as many as wait, it is passed on.</summary>
    private void GiveTurnUp()
    {
        int room = Volatile.Read(ref _room);
        while (room < 0)
        {
            int seen = Interlocked.CompareExchange(ref _room, room + 1, room);
            if (seen == room)
            {
                return;
            }

            room = seen;
        }

        // Who left counted this call as one that waits: its turn is there, or comes at once.
        _turns.Wait(CancellationToken.None);
        Leave();
    }

    private bool TryQueue()
    {
        if (Interlocked.Increment(ref _waiting) <= queue)
        {
            return true;
        }

        Interlocked.Decrement(ref _waiting);
        return false;
    }
}
