using System.Runtime.CompilerServices;
using Bench.Contracts;
using PluginHost.Contracts;

namespace Bench.Plugin;

/// <summary>Does next to nothing.</summary>
[Plugin]
public sealed partial class BenchPlugin : IPinnedBench
{
    /// <inheritdoc/>
    public int Add(int a, int b) => unchecked(a + b);

    /// <inheritdoc/>
    public int AddCancellable(int a, int b, CancellationToken cancellationToken) => unchecked(a + b);

    /// <inheritdoc/>
    public ValueTask<int> AddCompletedAsync(int a, int b) => new(unchecked(a + b));

    /// <inheritdoc/>
    public ValueTask<int> AddCompletedCancellableAsync(int a, int b, CancellationToken cancellationToken) => new(unchecked(a + b));

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> AddAwaitingAsync(int a, int b, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return unchecked(a + b);
    }

    /// <inheritdoc/>
    public async Task<int> ServeAsync(int milliseconds, CancellationToken cancellationToken)
    {
        await Task.Delay(milliseconds, cancellationToken).ConfigureAwait(false);
        return milliseconds;
    }

    /// <inheritdoc/>
    public Task<int> ServeAgainAsync(int milliseconds, CancellationToken cancellationToken) => ServeAsync(milliseconds, cancellationToken);

    /// <inheritdoc/>
    public long AllocatedBytes() => GC.GetTotalAllocatedBytes(precise: true);

    /// <inheritdoc/>
    public long ProcessorNanoseconds() => Environment.CpuUsage.TotalTime.Ticks * TimeSpan.NanosecondsPerTick;
}
