using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Framing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Payloads;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Connection;

/// <summary>The reading thread's work: cuts the stream into messages and gives each to whom it concerns. Runs no handler itself.</summary>
/// <param name="options">The connection's settings.</param>
/// <param name="transport">Where bytes come from.</param>
/// <param name="pending">The calls that wait for answers.</param>
/// <param name="inbound">Takes calls that came in.</param>
/// <param name="sender">Sends errors about calls that are not taken.</param>
/// <param name="frameBegan">Called when a message has come in part.</param>
/// <param name="logger">The connection's logger.</param>
internal sealed class Receiver(
    RpcOptions options,
    RpcTransport transport,
    PendingTable pending,
    InboundCalls inbound,
    FrameSender sender,
    Action frameBegan,
    ILogger logger)
{
    private readonly MethodLookup _lookup = new();
    private readonly InboundPayloads? _payloads = sender.Payloads?.CreateSource(isOfCall: false);
    private Dispatcher[] _targets = [];
    private long _frameSince = long.MaxValue;
    private long _dropped;
    private int _unsolicited;

    /// <summary>When the message began that has come in part, as a timestamp; <see cref="long.MaxValue"/> where there is none.</summary>
    public long FrameSince => Volatile.Read(ref _frameSince);

    /// <summary>Adds a dispatcher behind the others. Thread-safe.</summary>
    public void AddTarget(Dispatcher target)
    {
        Dispatcher[] before;
        do
        {
            before = Volatile.Read(ref _targets);
        }
        while (Interlocked.CompareExchange(ref _targets, [.. before, target], before) != before);
    }

    /// <summary>Reads until the stream ends or cannot be read any further, and says why.</summary>
    public RpcCloseReason Run()
    {
        using FrameReader reader = new(options.Format, options.MaxMessageBytes);
        try
        {
            while (true)
            {
                int count = transport.Receive(reader.Free(), Timeout.Infinite);
                if (count == 0)
                {
                    return Ended(reader, new RpcCloseReason(RpcCloseKind.PeerClosed, "The peer closed the connection."));
                }

                reader.Received(count);
                bool isNew = false;
                while (reader.TryRead(out ReadOnlySpan<byte> frame))
                {
                    isNew = true;
                    Take(frame);
                }

                WatchFrame(reader.IsInsideFrame, isNew);
            }
        }
        catch (MalformedMessageException e)
        {
            return RpcCloseReason.From(e);
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown
                ? Ended(reader, new RpcCloseReason(RpcCloseKind.ConnectionReset, "The peer's end of the connection is gone."))
                : new RpcCloseReason(RpcCloseKind.StreamError, $"Reading failed: {e.Message}");
        }
        catch (Exception e)
        {
            // A defect here must end this connection and not the process.
            Log.ReaderFailed(logger, e);
            return new RpcCloseReason(RpcCloseKind.StreamError, $"Reading failed: {e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>Ends an answer's part in its large values: what was not read is given back too.</summary>
    public static void EndPayloads(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, InboundPayloads payloads, bool isRead)
    {
        try
        {
            if (!isRead)
            {
                CallEncoder.DropPayloads(envelope.Kind == MessageKind.Error ? envelope.Error.Of(frame) : envelope.Result.Of(frame), codec, payloads);
            }
        }
        finally
        {
            payloads.End(isRead);
        }
    }

    private static RpcCloseReason Ended(FrameReader reader, RpcCloseReason otherwise) => reader.IsInsideFrame
        ? new RpcCloseReason(RpcCloseKind.StreamError, $"The stream ended inside a message, after {reader.Progress}.")
        : otherwise;

    private void WatchFrame(bool isInside, bool isNew)
    {
        if (!isInside)
        {
            Volatile.Write(ref _frameSince, long.MaxValue);
        }
        else if (isNew || _frameSince == long.MaxValue)
        {
            Volatile.Write(ref _frameSince, options.Clock.GetTimestamp());
            frameBegan();
        }
    }

    private void Take(ReadOnlySpan<byte> frame)
    {
        RpcCodec codec = EnvelopeReader.Detect(frame);
        Envelope envelope = EnvelopeReader.Read(frame, codec);
        if (options.RequiresVersion && !envelope.HasVersion)
        {
            throw new MalformedMessageException(MessageFault.Protocol, "The message does not say \"jsonrpc\":\"2.0\", which is required here.");
        }

        switch (envelope.Kind)
        {
            case MessageKind.Result or MessageKind.Error:
                TakeAnswer(frame, in envelope, codec);
                break;
            case MessageKind.InvalidRequest:
                sender.SendError(codec, envelope.RawId.Of(frame), RpcErrorCodes.InvalidRequest, "The method's name is no string.", null);
                break;
            default:
                TakeCall(frame, in envelope, codec);
                break;
        }
    }

    private void TakeAnswer(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec)
    {
        if (envelope.IdKind == IdKind.Integer && pending.TryRemove(envelope.Id, out PendingCall? call))
        {
            if (call is not null)
            {
                call.Answer(frame, in envelope, codec, _payloads);
            }
            else if (_payloads is not null)
            {
                // The answer to a call that was given up.
                EndPayloads(frame, in envelope, codec, _payloads, isRead: false);
            }

            return;
        }

        _unsolicited++;
        if (envelope is { Kind: MessageKind.Error, IdKind: IdKind.Null or IdKind.None })
        {
            // The peer could not read something of ours, and does not know what it was.
            (int code, string message) = CallEncoder.ReadCodeAndMessage(envelope.Error.Of(frame), codec);
            Log.ErrorAboutNothing(logger, code, message, _unsolicited);
        }
        else
        {
            Log.UnsolicitedAnswer(logger, envelope.Id, _unsolicited);
        }

        if (_unsolicited > options.MaxUnsolicitedAnswers)
        {
            throw new MalformedMessageException(
                MessageFault.Protocol, $"The peer sent {_unsolicited} answers to calls that nobody made; the limit is {options.MaxUnsolicitedAnswers}.");
        }
    }

    private void TakeCall(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec)
    {
        ReadOnlySpan<byte> name = envelope.Method.Of(frame);
        if (envelope.IsMethodEscaped)
        {
            Span<char> text = new char[name.Length];
            name = System.Text.Encoding.UTF8.GetBytes(new string(text[..JsonText.Unescape(name, text)]));
        }

        if (sender.Payloads is { } payloads && envelope.Kind == MessageKind.Notification && name.SequenceEqual(ChunkMessage.Method))
        {
            ChunkMessage.Take(frame, in envelope, codec, payloads);
            return;
        }

        if (name.SequenceEqual("$/cancelRequest"u8))
        {
            CancelRequest.Take(frame, in envelope, codec, inbound, sender);
            return;
        }

        Dispatcher? dispatcher = _lookup.Find(Volatile.Read(ref _targets), name, out int method);
        int refusal = dispatcher is null ? RpcErrorCodes.MethodNotFound : inbound.Accept(frame, in envelope, codec, dispatcher, method);
        if (refusal == 0)
        {
            return;
        }

        if (_payloads is not null)
        {
            CallEncoder.DropPayloads(envelope.Params.Of(frame), codec, _payloads);
            _payloads.End(isDelivered: false);
        }

        if (envelope.Kind == MessageKind.Notification)
        {
            CountDropped(refusal);
            return;
        }

        string shown = System.Text.Encoding.UTF8.GetString(name[..Math.Min(name.Length, 200)]);
        string message = refusal switch
        {
            RpcErrorCodes.MethodNotFound => $"No method has the name '{shown}'.",
            RpcErrorCodes.InvalidRequest => $"{shown} has the id of a call that has not been answered yet.",
            _ => $"{shown} was not taken: {options.MaxPendingInbound} calls are queued or running, and that is the limit.",
        };
        sender.SendError(codec, envelope.RawId.Of(frame), refusal, message, null);
    }

    private void CountDropped(int refusal)
    {
        if (refusal == RpcErrorCodes.LimitExceeded && long.IsPow2(++_dropped))
        {
            Log.NotificationsDropped(logger, options.MaxPendingInbound, _dropped);
        }
    }
}
