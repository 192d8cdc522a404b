using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>Two connections over one socket pair, the far one with the lending contract.</summary>
internal sealed class LendingPair : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public LendingPair(RpcCodec codec, Func<RpcOptions, RpcOptions>? near = null, Func<RpcOptions, RpcOptions>? far = null)
    {
        (Socket a, Socket b) = SocketPair.Create();
        RpcOptions options = new() { Codec = codec };
        Near = new RpcConnection(a, near?.Invoke(options) ?? options, [], NullLogger.Instance);
        Far = new RpcConnection(b, far?.Invoke(options) ?? options, [Lending], NullLogger.Instance);
        Near.Start();
        Far.Start();
    }

    public RpcConnection Near { get; }

    public RpcConnection Far { get; }

    public LendingDispatcher Lending { get; } = new();

    public async Task<TResult> Call<TCall, TResult>(TCall call, CancellationToken cancellationToken = default)
        where TCall : struct, ICall<TResult> =>
        (await Near.CallAsync<TCall, TResult>(call, Patience, cancellationToken)).Value;

    public Task<int> Work(IProgress<int>? progress, CancellationToken cancellationToken = default) => Call<WorkCall, int>(new WorkCall(progress), cancellationToken);

    public Task<IAsyncEnumerable<int>> Items(int count) => Call<ItemsCall, IAsyncEnumerable<int>>(new ItemsCall(count));

    public Task<int> Sum(IAsyncEnumerable<int> items, CancellationToken cancellationToken = default) => Call<SumItemsCall, int>(new SumItemsCall(items), cancellationToken);

    public async Task<CounterProxy> Open(int value) => (CounterProxy)(await Call<OpenCall, ISession?>(new OpenCall(value)))!;

    public Task<int> Visit(ISession? counter, ObjectLifetime lifetime = ObjectLifetime.Explicit) => Call<VisitCall, int>(new VisitCall(counter, lifetime));

    public async ValueTask DisposeAsync()
    {
        await Near.DisposeAsync();
        await Far.DisposeAsync();
    }
}
