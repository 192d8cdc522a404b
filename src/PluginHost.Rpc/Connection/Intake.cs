using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using PluginHost.Rpc.Framing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Connection;

/// <summary>Bytes in, messages out: what whoever has the turn to read works with. Used by one thread at a time, not always the same.</summary>
/// <param name="options">The connection's settings.</param>
/// <param name="transport">Where bytes come from.</param>
/// <param name="receiver">Takes the messages.</param>
/// <param name="frameBegan">Called when a message has come in part.</param>
/// <param name="logger">The connection's logger.</param>
internal sealed class Intake(RpcOptions options, RpcTransport transport, Receiver receiver, Action frameBegan, ILogger logger) : IDisposable
{
    /// <summary>In place of a time to wait: as <see cref="RpcTransport.ReceiveSoon"/>.</summary>
    public const int Soon = -2;

    private readonly FrameReader _reader = new(
        options.Format, options.MaxMessageBytes);

    private long _frameSince = long.MaxValue;
    private long _messages;
    private bool _isNew;

    /// <inheritdoc cref="RpcTransport.LooksCheaply"/>
    public bool LooksCheaply => transport.LooksCheaply;

    /// <summary>When the message began that has come in part, as a timestamp; <see cref="long.MaxValue"/> where there is none.</summary>
    public long FrameSince => Volatile.Read(ref _frameSince);

    /// <summary>How many messages have come.</summary>
    public long Messages => Volatile.Read(ref _messages);

    /// <summary>Receives once. Only where everything received before was taken.</summary>
    /// <param name="milliseconds">How long to wait; <see cref="Soon"/> for a moment without sleeping.</param>
    /// <returns>As <see cref="RpcTransport.Receive"/>.</returns>
    public int Receive(int milliseconds)
    {
        int count = milliseconds == Soon ? transport.ReceiveSoon(_reader.Free()) : transport.Receive(_reader.Free(), milliseconds);
        if (count > 0)
        {
            _reader.Received(count);
        }

        return count;
    }

    /// <summary>Takes messages as far as they have come.</summary>
    /// <param name="call">A call that the calling thread has to run before it goes on, or null where everything was taken.</param>
    /// <returns>True where there is such a call.</returns>
    public bool Take(out IncomingCall? call)
    {
        while (_reader.TryRead(out ReadOnlySpan<byte> frame))
        {
            call = receiver.Take(frame);
            _isNew = true;
            _messages++;
            if (call is not null)
            {
                return true;
            }
        }

        call = null;
        receiver.Completions?.Publish();
        WatchFrame();
        return false;
    }

    /// <summary>Receives once and takes what came; runs no call. Null where there is more to come.</summary>
    /// <param name="milliseconds">As for <see cref="Receive"/>.</param>
    /// <param name="hasCome">False where nothing came in time.</param>
    public RpcCloseReason? Step(int milliseconds, out bool hasCome)
    {
        hasCome = false;
        try
        {
            int count = Receive(milliseconds);
            if (count == 0)
            {
                return Ended();
            }

            hasCome = count > 0;
            if (hasCome)
            {
                Take(out _);
            }

            return null;
        }
        catch (Exception e)
        {
            return ReasonOf(e);
        }
    }

    /// <summary>The reason of a stream that ended.</summary>
    public RpcCloseReason Ended() => Ended(new RpcCloseReason(RpcCloseKind.PeerClosed, "The peer closed the connection."));

    /// <summary>The reason of a failure while reading.</summary>
    public RpcCloseReason ReasonOf(Exception exception)
    {
        switch (exception)
        {
            case MalformedMessageException malformed:
                receiver.TellOf(malformed);
                return RpcCloseReason.From(malformed);
            case SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown }:
                return Ended(new RpcCloseReason(RpcCloseKind.ConnectionReset, "The peer's end of the connection is gone."));
            case SocketException:
                return new RpcCloseReason(RpcCloseKind.StreamError, $"Reading failed: {exception.Message}");
            default:
                // A defect here must end this connection and not the process.
                Log.ReaderFailed(logger, exception);
                return new RpcCloseReason(RpcCloseKind.StreamError, $"Reading failed: {exception.GetType().Name}: {exception.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    private RpcCloseReason Ended(RpcCloseReason otherwise) => _reader.IsInsideFrame
        ? new RpcCloseReason(RpcCloseKind.StreamError, $"The stream ended inside a message, after {_reader.Progress}.")
        : otherwise;

    private void WatchFrame()
    {
        if (!_reader.IsInsideFrame)
        {
            if (_frameSince != long.MaxValue)
            {
                Volatile.Write(ref _frameSince, long.MaxValue);
            }
        }
        else if (_isNew || _frameSince == long.MaxValue)
        {
            Volatile.Write(ref _frameSince, options.Clock.GetTimestamp());
            frameBegan();
        }

        _isNew = false;
    }
}
