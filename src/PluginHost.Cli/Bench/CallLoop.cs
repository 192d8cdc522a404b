using System.Diagnostics;
using System.Runtime.CompilerServices;
using Bench.Contracts;

namespace PluginHost.Cli.Bench;

/// <summary>Makes calls of one shape in the ways that are measured.</summary>
internal abstract class CallLoop
{
    /// <summary>True where the caller blocks.</summary>
    public abstract bool IsSynchronous { get; }

    /// <summary>Makes calls one after the other.</summary>
    public abstract ValueTask<int> ManyAsync(IBench bench, int count, CancellationToken token);

    /// <summary>Makes calls one after the other and times each, in ticks of <see cref="Stopwatch"/>.</summary>
    public abstract ValueTask<int> TimedAsync(IBench bench, Memory<long> ticks, CancellationToken token);

    /// <summary>Makes calls in several flows at once: threads where the caller blocks, tasks elsewhere.</summary>
    /// <returns>Ends when <paramref name="open"/> has ended and every flow has made its calls.</returns>
    public Task FlowsAsync(IBench bench, int flows, int callsEach, Task open, CancellationToken token) => Task.WhenAll(
        Enumerable.Range(0, flows).Select(_ => IsSynchronous
            ? Task.Factory.StartNew(
                () =>
                {
                    open.Wait(CancellationToken.None);
                    _ = ManyAsync(bench, callsEach, token).AsTask().Result;
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)
            : Task.Run(
                async () =>
                {
                    await open.ConfigureAwait(false);
                    await ManyAsync(bench, callsEach, token).ConfigureAwait(false);
                },
                CancellationToken.None)));
}

/// <summary>Loops of a caller that blocks.</summary>
/// <typeparam name="TCall">The call.</typeparam>
internal sealed class SyncLoop<TCall> : CallLoop
    where TCall : struct, ISyncCall
{
    /// <inheritdoc/>
    public override bool IsSynchronous => true;

    /// <inheritdoc/>
    public override ValueTask<int> ManyAsync(IBench bench, int count, CancellationToken token) => new(Many(bench, count, token));

    /// <inheritdoc/>
    public override ValueTask<int> TimedAsync(IBench bench, Memory<long> ticks, CancellationToken token) => new(Timed(bench, ticks.Span, token));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Many(IBench bench, int count, CancellationToken token)
    {
        int sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum = TCall.Call(bench, sum, token);
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Timed(IBench bench, Span<long> ticks, CancellationToken token)
    {
        int sum = 0;
        for (int i = 0; i < ticks.Length; i++)
        {
            long started = Stopwatch.GetTimestamp();
            sum = TCall.Call(bench, sum, token);
            ticks[i] = Stopwatch.GetTimestamp() - started;
        }

        return sum;
    }
}

/// <summary>Loops of a caller that awaits.</summary>
/// <typeparam name="TCall">The call.</typeparam>
internal sealed class AsyncLoop<TCall> : CallLoop
    where TCall : struct, IAsyncCall
{
    /// <inheritdoc/>
    public override bool IsSynchronous => false;

    /// <inheritdoc/>
    public override async ValueTask<int> ManyAsync(IBench bench, int count, CancellationToken token)
    {
        int sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum = await TCall.CallAsync(bench, sum, token).ConfigureAwait(false);
        }

        return sum;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> TimedAsync(IBench bench, Memory<long> ticks, CancellationToken token)
    {
        int sum = 0;
        for (int i = 0; i < ticks.Length; i++)
        {
            long started = Stopwatch.GetTimestamp();
            sum = await TCall.CallAsync(bench, sum, token).ConfigureAwait(false);
            ticks.Span[i] = Stopwatch.GetTimestamp() - started;
        }

        return sum;
    }
}
