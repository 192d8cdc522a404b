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
    }

    [Fact]
    public async Task A_pool_that_is_replaced_lets_recycled_workers_end_their_calls_too()
    {
        Task<long>[] inside = await WearOutAsync();

        int left = await _pool.DrainAsync(Shell.Long, CancellationToken.None);
        await _pool.StopAsync(TimeSpan.Zero, CancellationToken.None);

        Assert.Equal(0, left);
        await Task.WhenAll(inside);
    }

    [Fact]
    public async Task A_stop_gives_calls_in_recycled_workers_the_time_that_it_gives_all()
    {
        Task<long>[] inside = await WearOutAsync();

        UnloadResult stopped = await _pool.StopAsync(Shell.Long, CancellationToken.None);

        Assert.Equal(0, stopped.AbandonedCalls);
        await Task.WhenAll(inside);
    }

    /// <summary>Fills both workers with calls that take a while, until both are replaced.</summary>
    private async Task<Task<long>[]> WearOutAsync()
    {
        Task<long>[] inside = [.. Enumerable.Range(0, 6).Select(_ => Plugin.BlockAsync(2000))];
        Assert.True(await _recycled.WaitAsync(Shell.Long) && await _recycled.WaitAsync(Shell.Long));
        Assert.All(inside, call => Assert.False(call.IsCompleted, "The calls were to last longer than the recycling."));
        return inside;
    }
}
