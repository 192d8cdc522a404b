using System.Runtime.CompilerServices;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>Sequences to send.</summary>
internal static class Numbers
{
    public static async IAsyncEnumerable<int> To(int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int number = 1; number <= count; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return number;
            await Task.Yield();
        }
    }

    public static async Task<int> SumAsync(IAsyncEnumerable<int> items, CancellationToken cancellationToken)
    {
        int sum = 0;
        await foreach (int item in items.WithCancellation(cancellationToken))
        {
            sum += item;
        }

        return sum;
    }
}

/// <summary>A sequence that a test steers: how far it ran, and when it was disposed.</summary>
internal sealed class WatchedNumbers
{
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _produced;

    public int Produced => Volatile.Read(ref _produced);

    public Task Disposed => _disposed.Task;

    /// <summary>Counts from 1 and never ends by itself; waits before the numbers where it is told to.</summary>
    public async IAsyncEnumerable<int> Endless([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                yield return Interlocked.Increment(ref _produced);

                // Now and then only: a generator that hardly waits runs ahead as fast as it may.
                if (_produced % 50 == 0)
                {
                    await Task.Yield();
                }
            }
        }
        finally
        {
            _disposed.TrySetResult();
        }
    }

    /// <summary>Gives one number, then waits for its token.</summary>
    public async IAsyncEnumerable<int> OneThenWaits([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            yield return Interlocked.Increment(ref _produced);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }
        finally
        {
            _disposed.TrySetResult();
        }
    }
}

/// <summary>Keeps reports in the order they came, on the thread they came on.</summary>
internal sealed class Reports<T> : IProgress<T>
{
    private readonly List<T> _all = [];

    public Action<T>? Each { get; init; }

    public IReadOnlyList<T> All
    {
        get
        {
            lock (_all)
            {
                return [.. _all];
            }
        }
    }

    public void Report(T value)
    {
        Each?.Invoke(value);
        lock (_all)
        {
            _all.Add(value);
        }
    }
}
