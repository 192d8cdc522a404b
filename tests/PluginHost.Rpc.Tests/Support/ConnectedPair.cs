using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>Two connections over one socket pair, or rings beside it, each with a probe to call.</summary>
internal sealed class ConnectedPair : IAsyncDisposable
{
    public ConnectedPair(RpcCodec codec, Func<RpcOptions, RpcOptions>? near = null, Func<RpcOptions, RpcOptions>? far = null, int ringBytes = 0)
    {
        (RpcTransport a, RpcTransport b) = ringBytes > 0 ? RingPair.Create(ringBytes) : RingPair.CreateWithoutRing();
        RpcOptions options = new() { Codec = codec };
        Near = new RpcConnection(a, near?.Invoke(options) ?? options, [NearProbe], NullLogger.Instance);
        Far = new RpcConnection(b, far?.Invoke(options) ?? options, [FarProbe], NullLogger.Instance);
        Near.Start();
        Far.Start();
    }

    public RpcConnection Near { get; }

    public RpcConnection Far { get; }

    public ProbeDispatcher NearProbe { get; } = new();

    public ProbeDispatcher FarProbe { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await Near.DisposeAsync();
        await Far.DisposeAsync();
    }
}
