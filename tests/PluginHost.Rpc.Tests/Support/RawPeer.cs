using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using Xunit;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>A connection whose peer is the test itself, byte by byte.</summary>
internal sealed class RawPeer : IAsyncDisposable
{
    public RawPeer(Func<RpcOptions, RpcOptions>? options = null, params Dispatcher[] targets)
    {
        (Socket a, Socket) pair = SocketPair.Create();
        Socket = pair.Item2;
        Connection = new RpcConnection(pair.a, options?.Invoke(new RpcOptions()) ?? new RpcOptions(), targets, NullLogger.Instance);
        Connection.Start();
    }

    public RpcConnection Connection { get; }

    public Socket Socket { get; }

    public void Send(string json) => Send(Encoding.UTF8.GetBytes(json));

    public void Send(byte[] message)
    {
        byte[] frame = new byte[4 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, message.Length);
        message.CopyTo(frame, 4);
        SendRaw(frame);
    }

    public void SendRaw(byte[] bytes) => Socket.Send(bytes);

    public async Task<string> ReceiveAsync() => Encoding.UTF8.GetString(await ReceiveBytesAsync());

    public async Task<string> ReceiveHexAsync() => Convert.ToHexStringLower(await ReceiveBytesAsync());

    public async Task<byte[]> ReceiveBytesAsync()
    {
        byte[] header = new byte[4];
        await FillAsync(header);
        byte[] message = new byte[BinaryPrimitives.ReadInt32BigEndian(header)];
        await FillAsync(message);
        return message;
    }

    public Task<RpcCloseReason> Closed() => Until.Ends(Connection.Closed);

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        Socket.Dispose();
    }

    private async Task FillAsync(byte[] bytes)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int count = await Until.Ends(Task.Run(() => Socket.Receive(bytes.AsSpan(at))));
            Assert.NotEqual(0, count);
            at += count;
        }
    }
}
