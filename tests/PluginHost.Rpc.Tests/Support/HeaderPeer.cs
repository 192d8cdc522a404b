using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using Xunit;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>A connection in header framing whose peer is the test itself, byte by byte: as an editor's or a language server's end is.</summary>
internal sealed class HeaderPeer : IAsyncDisposable
{
    private byte[] _received = [];

    public HeaderPeer(Func<RpcOptions, RpcOptions>? options = null, ILogger? logger = null)
    {
        (Socket a, Socket) pair = SocketPair.Create();
        Socket = pair.Item2;
        RpcOptions own = new() { Framing = RpcFraming.Header };
        Connection = new RpcConnection(pair.a, options?.Invoke(own) ?? own, [Probe], logger ?? NullLogger.Instance);
        Connection.Start();
    }

    public RpcConnection Connection { get; }

    public ProbeDispatcher Probe { get; } = new();

    public Socket Socket { get; }

    /// <summary>Sends a message with its header.</summary>
    public void Send(string json) => Send(Encoding.UTF8.GetBytes(json));

    /// <inheritdoc cref="Send(string)"/>
    public void Send(byte[] message) => SendRaw([.. Encoding.ASCII.GetBytes($"Content-Length: {message.Length}\r\n\r\n"), .. message]);

    /// <summary>Sends bytes as they are.</summary>
    public void SendRaw(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[Socket.Send(bytes)..];
        }
    }

    /// <inheritdoc cref="SendRaw(ReadOnlySpan{byte})"/>
    public void SendRaw(string text) => SendRaw(Encoding.UTF8.GetBytes(text));

    /// <summary>The next message.</summary>
    public async Task<string> ReceiveAsync()
    {
        while (true)
        {
            int blank = _received.AsSpan().IndexOf("\r\n\r\n"u8);
            if (blank >= 0)
            {
                int length = int.Parse(_received.AsSpan("Content-Length: ".Length..blank), CultureInfo.InvariantCulture);
                if (_received.Length >= blank + 4 + length)
                {
                    string message = Encoding.UTF8.GetString(_received, blank + 4, length);
                    _received = _received[(blank + 4 + length)..];
                    return message;
                }
            }

            byte[] piece = new byte[64 * 1024];
            int count = await Until.Ends(Task.Run(() => Socket.Receive(piece)));
            Assert.NotEqual(0, count);
            _received = [.. _received, .. piece.AsSpan(0, count)];
        }
    }

    /// <summary>Proves that the connection lives: it answers one more call, and that is the next it says.</summary>
    public async Task AssertLives()
    {
        Send("""{"jsonrpc":"2.0","id":"alive","method":"Probe.Add","params":[20,22]}""");
        Assert.Equal("""{"jsonrpc":"2.0","id":"alive","result":42}""", await ReceiveAsync());
    }

    /// <summary>Why the connection ended.</summary>
    public Task<RpcCloseReason> Closed() => Until.Ends(Connection.Closed);

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        Socket.Dispose();
    }
}
