using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Payloads;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>Two connections that hand each other large values: the near one is the host's.</summary>
internal sealed class PayloadPair : IAsyncDisposable
{
    public PayloadPair(
        RpcCodec codec = RpcCodec.MessagePack,
        long areaBytes = PayloadMemory.UsualAreaBytes,
        bool hasMemory = true,
        bool isTrusting = true,
        bool nearReadsInPlace = false,
        string name = "test",
        Func<RpcOptions, RpcOptions>? options = null,
        Func<PayloadOptions, PayloadOptions>? payloads = null)
    {
        (Socket a, Socket b) = SocketPair.Create();
        PayloadMemory? near = hasMemory ? PayloadMemory.Create(name, areaBytes) : null;
        PayloadMemory? far = near is null ? null : OpenAgain(near);
        PayloadOptions each = payloads?.Invoke(new PayloadOptions()) ?? new PayloadOptions();
        RpcOptions common = new() { Codec = codec };
        common = options?.Invoke(common) ?? common;
        Near = new RpcConnection(
            a, common with { Payloads = new PayloadOptions { TrustsPeer = isTrusting } with { Memory = near, MaxBytes = each.MaxBytes, ReadsArgumentsInPlace = nearReadsInPlace } }, [NearBytes], NullLogger.Instance);
        Far = new RpcConnection(
            b, common with { Payloads = each with { Memory = far, TrustsPeer = isTrusting, ReadsArgumentsInPlace = true } }, [FarBytes], NullLogger.Instance);
        NearMemory = near;
        FarMemory = far;
        Near.Start();
        Far.Start();
    }

    public RpcConnection Near { get; }

    public RpcConnection Far { get; }

    /// <summary>What the near side shares; null where it is told to share nothing.</summary>
    public PayloadMemory? NearMemory { get; }

    /// <summary>The same memory, as the far side has it.</summary>
    public PayloadMemory? FarMemory { get; }

    public BytesDispatcher NearBytes { get; } = new();

    public BytesDispatcher FarBytes { get; } = new();

    /// <summary>The same memory as another process would see it.</summary>
    public static PayloadMemory OpenAgain(PayloadMemory memory) => PayloadMemory.Open(
        File.OpenHandle($"/proc/self/fd/{memory.Descriptor.DangerousGetHandle()}", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite),
        memory.AreaBytes);

    /// <summary>True where nothing of either area is in use.</summary>
    public bool IsWhole => IsFree(Near) && IsFree(Far);

    public async ValueTask DisposeAsync()
    {
        await Near.DisposeAsync();
        await Far.DisposeAsync();
    }

    private static bool IsFree(RpcConnection connection) => connection.Payloads!.Area is not { } area || area.Use.Blocks == 0;
}
