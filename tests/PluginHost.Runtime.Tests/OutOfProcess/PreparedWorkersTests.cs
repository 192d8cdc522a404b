using System.Collections.Concurrent;
using PluginHost.Runtime.OutOfProcess;

namespace PluginHost.Runtime.Tests.OutOfProcess;

/// <summary>Workers that stand ready for one call each.</summary>
public sealed class PreparedWorkersTests
{
    [Fact]
    public async Task One_that_has_just_died_is_told_and_ended_once_whoever_sees_it_first()
    {
        const int Rounds = 300;
        ConcurrentQueue<PreparedLoss> told = new();
        ConcurrentQueue<PreparedWorker> ended = new();
        using CancellationTokenSource impatient = new();
        await impatient.CancelAsync();
        await using PreparedWorkers workers = new(0, NeverAsync, EndAsync, told.Enqueue, TimeProvider.System);

        for (int round = 0; round < Rounds; round++)
        {
            TaskCompletionSource death = new(TaskCreationOptions.RunContinuationsAsynchronously);
            await workers.PutAsync(new PreparedWorker(round, null!, null!, death.Task));
            death.SetResult();

            // Its watch looks at this moment, too.
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => workers.TakeAsync(TimeSpan.FromSeconds(30), impatient.Token));
        }

        await UntilAsync(() => ended.Count >= Rounds);
        Assert.Equal(Enumerable.Range(0, Rounds), ended.Select(w => w.Number).Order());
        Assert.Equal(Enumerable.Range(0, Rounds), told.Select(l => l.Worker!.Number).Order());

        Task EndAsync(PreparedWorker worker)
        {
            ended.Enqueue(worker);
            return Task.CompletedTask;
        }
    }

    private static async Task<PreparedWorker> NeverAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        throw new InvalidOperationException("not reached");
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            Assert.False(deadline.IsCancellationRequested, "It did not come to that.");
            await Task.Delay(5, CancellationToken.None);
        }
    }
}
