using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Framing;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Connection;

/// <summary>The reading thread's work: cuts the stream into messages and gives each to whom it concerns. Runs no handler itself.</summary>
/// <param name="options">The connection's settings.</param>
/// <param name="transport">Where bytes come from.</param>
/// <param name="pending">The calls that wait for answers.</param>
/// <param name="inbound">Takes calls that came in.</param>
/// <param name="leases">Takes what is said about things that outlive calls.</param>
/// <param name="sender">Sends errors about calls that are not taken.</param>
/// <param name="frameBegan">Called when a message has come in part.</param>
/// <param name="logger">The connection's logger.</param>
internal sealed class Receiver(
    RpcOptions options,
    RpcTransport transport,
    PendingTable pending,
    InboundCalls inbound,
    ConnectionLeases leases,
    FrameSender sender,
    Action frameBegan,
    ILogger logger)
{
    /// <summary>Stands among the codes for a message that is done: a request of this kind is answered with null.</summary>
    private const int Done = 1;

    private readonly MethodLookup _lookup = new();
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
        using FrameReader reader = new(
            options.Framing == RpcFraming.Length ? LengthFormat.Instance : HeaderFormat.Instance, options.MaxMessageBytes);
        try
        {
            while (true)
            {
                int count = transport.Receive(reader.Free());
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
            // Without a call this is the answer to one that was given up.
            call?.Answer(frame, in envelope, codec);
            return;
        }

        _unsolicited++;
        Log.UnsolicitedAnswer(logger, envelope.Id, _unsolicited);
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

        if (name.SequenceEqual("$/cancelRequest"u8))
        {
            CancelRequest.Take(frame, in envelope, codec, inbound, sender);
            return;
        }

        Dispatcher? dispatcher = null;
        int method = -1;
        int refusal = name.StartsWith("$/"u8) ? TakeLease(frame, in envelope, codec, name, out dispatcher, out method) : 0;
        if (refusal != 0)
        {
            Refuse(frame, in envelope, codec, name, refusal);
            return;
        }

        dispatcher ??= _lookup.Find(Volatile.Read(ref _targets), name, out method);
        refusal = dispatcher is null ? RpcErrorCodes.MethodNotFound : inbound.Accept(frame, in envelope, codec, dispatcher, method);
        if (refusal != 0)
        {
            Refuse(frame, in envelope, codec, name, refusal);
        }
    }

    /// <summary>Takes a message about leases.</summary>
    /// <returns>0 where it is a call, or none about leases; <see cref="Done"/>; or the code of the error to answer.</returns>
    private int TakeLease(
        ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, ReadOnlySpan<byte> name, out Dispatcher? dispatcher, out int method) =>
        leases.Take(frame, in envelope, codec, name, out dispatcher, out method) switch
        {
            LeaseTake.Done => Done,
            LeaseTake.Gone => RpcErrorCodes.ObjectGone,
            LeaseTake.NoMethod => RpcErrorCodes.MethodNotFound,
            LeaseTake.Misfit => RpcErrorCodes.InvalidParams,
            _ => 0,
        };

    private void Refuse(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, ReadOnlySpan<byte> name, int refusal)
    {
        if (envelope.Kind == MessageKind.Notification)
        {
            CountDropped(refusal);
            return;
        }

        if (refusal == Done)
        {
            sender.SendNull(codec, envelope.RawId.Of(frame));
            return;
        }

        string shown = System.Text.Encoding.UTF8.GetString(name[..Math.Min(name.Length, 200)]);
        string message = refusal switch
        {
            RpcErrorCodes.MethodNotFound => $"No method has the name '{shown}'.",
            RpcErrorCodes.ObjectGone => new LeaseGoneException().Message,
            RpcErrorCodes.InvalidParams => $"The arguments of {shown} do not fit.",
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
