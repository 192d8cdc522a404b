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

/// <summary>Lets a bounded number of calls in and a bounded number wait. Allocates only for those that wait. Thread-safe.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The semaphore holds no handle until one is asked for, and calls still leave while their instance is being disposed.")]
internal sealed class CallGate(int concurrency, int queue, TimeProvider clock)
{
    private readonly SemaphoreSlim _slots = new(concurrency, concurrency);
    private int _waiting;

    /// <summary>How many may be inside at once.</summary>
    public int Concurrency => concurrency;

    /// <summary>How many may wait.</summary>
    public int Queue => queue;

    /// <summary>How many wait now.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Goes in where there is room, without waiting.</summary>
    public bool TryEnter() => _slots.Wait(0);

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
            await _slots.WaitAsync(either.Token).ConfigureAwait(false);
            return (GateResult.Entered, Stopwatch.GetTimestamp() - began);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
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
        long began = Stopwatch.GetTimestamp();
        if (!TryQueue())
        {
            return (GateResult.Full, 0);
        }

        using CancellationTokenSource deadline = new(timeout, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            _slots.Wait(either.Token);
            return (GateResult.Entered, Stopwatch.GetTimestamp() - began);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (GateResult.TimedOut, Stopwatch.GetTimestamp() - began);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Goes out.</summary>
    public void Leave() => _slots.Release();

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
