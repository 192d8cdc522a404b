using Fixtures;
using Fixtures.Processes.Contract;
using PluginHost.Contracts.Invocation;
using PluginHost.Processes.Tests.Support;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Processes.Tests.OutOfProcess;

/// <summary>A pool of real workers without a supervisor: who waits for whose calls.</summary>
public sealed class WorkerPoolTests : IAsyncLifetime
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20);
    private readonly FixtureWorkers _workers = new(RpcCodec.MessagePack);
    private readonly SemaphoreSlim _recycled = new(0);
    private readonly CancellationTokenSource _enough = new();
    private WorkerPool _pool = null!;

    private IFixture Plugin => (IFixture)_pool.Target(FixtureRequest.Contract);

    public async ValueTask InitializeAsync()
    {
        StartRequest request = FixtureRequest.Create(FixtureWorkers.Folder, _workers.Data, _workers.Observer, _workers.Logger);
        _pool = (WorkerPool)await new ProcessTier(_workers.Options, TimeProvider.System).StartAsync(
            request with
            {
                Manifest = request.Manifest with { Workers = 2, Recycle = new RecycleOptions { Calls = 3 } },
                Wear = new WearTerms(() => 0, s_look, Shell.Long, Shell.Long, (_, _, _) => _recycled.Release(), (_, failed) => Assert.Fail(failed.Message)),
            },
            CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _pool.DisposeAsync();
        await _workers.DisposeAsync();
        _recycled.Dispose();
        _enough.Dispose();
    }

    [Fact]
    public async Task A_pool_that_is_replaced_lets_recycled_workers_end_their_calls_too()
    {
        Task[] inside = await WearOutAsync();

        Task<int> drain = _pool.DrainAsync(Shell.Long, CancellationToken.None);
        bool hasWaited = !drain.IsCompleted;
        await _enough.CancelAsync();
        int left = await drain;
        await _pool.StopAsync(TimeSpan.Zero, CancellationToken.None);

        Assert.True(hasWaited);
        Assert.Equal(0, left);
        await AllEndByTheirCallerAsync(inside);
    }

    [Fact]
    public async Task A_stop_gives_calls_in_recycled_workers_the_time_that_it_gives_all()
    {
        Task[] inside = await WearOutAsync();

        Task<UnloadResult> stop = _pool.StopAsync(Shell.Long, CancellationToken.None);
        Task first = await Task.WhenAny([.. inside, Task.Delay(500, TestContext.Current.CancellationToken)]);
        await _enough.CancelAsync();
        UnloadResult stopped = await stop;

        Assert.DoesNotContain(first, inside);
        Assert.Equal(0, stopped.AbandonedCalls);
        await AllEndByTheirCallerAsync(inside);
    }

    /// <summary>Fills both workers with calls that end when the test says so, until both are replaced.</summary>
    private async Task<Task[]> WearOutAsync()
    {
        Task[] inside = [.. Enumerable.Range(0, 6).Select(call => Plugin.WaitAsync(Path.Combine(_workers.Data, $"call {call}"), _enough.Token))];
        Assert.True(await _recycled.WaitAsync(Shell.Long) && await _recycled.WaitAsync(Shell.Long));
        return inside;
    }

    private static async Task AllEndByTheirCallerAsync(Task[] calls)
    {
        foreach (Task call in calls)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        }
    }
}
