using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Payloads;

namespace PluginHost.Rpc.Connection;

/// <summary>Gives each message to whom it concerns. Runs no handler itself. Used by one thread at a time but for what says otherwise.</summary>
/// <param name="options">The connection's settings.</param>
/// <param name="pending">The calls that wait for answers.</param>
/// <param name="inbound">Takes calls that came in.</param>
/// <param name="leases">Takes what is said about things that outlive calls.</param>
/// <param name="sender">Sends errors about calls that are not taken.</param>
/// <param name="logger">The connection's logger.</param>
internal sealed class Receiver(
    RpcOptions options,
    PendingTable pending,
    InboundCalls inbound,
    ConnectionLeases leases,
    FrameSender sender,
    ILogger logger)
{
    /// <summary>Stands among the codes for a message that is done: a request of this kind is answered with null.</summary>
    private const int Done = 1;

    private readonly MethodLookup _lookup = new();
    private readonly InboundPayloads? _payloads = sender.Payloads?.CreateSource(isOfCall: false);
    private Dispatcher[] _targets = [];
    private long _dropped;
    private int _unsolicited;

    /// <summary>Completes callers that do not block; null while each is a work item of its own. By who has the turn to read.</summary>
    public Completions? Completions { get; set; }

    /// <summary>How many answers came for callers that blocked; it may wrap.</summary>
    public int BlockingAnswers { get; private set; }

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

    /// <summary>Takes a message.</summary>
    /// <param name="frame">The message.</param>
    /// <returns>A call that the calling thread has to run before it takes the next message, or null.</returns>
    /// <exception cref="MalformedMessageException">It is none, or one too many of its kind: the connection has to end.</exception>
    public IncomingCall? Take(ReadOnlySpan<byte> frame)
    {
        RpcCodec codec = EnvelopeReader.Detect(frame);
        if (options.RequiresUtf8 && codec == RpcCodec.Json)
        {
            EnvelopeReader.CheckText(frame);
        }

        Envelope envelope = EnvelopeReader.Read(frame, codec);
        if (options.RequiresVersion && !envelope.HasVersion)
        {
            throw new MalformedMessageException(MessageFault.Protocol, "The message does not say \"jsonrpc\":\"2.0\", which is required here.");
        }

        switch (envelope.Kind)
        {
            case MessageKind.Result or MessageKind.Error:
                TakeAnswer(frame, in envelope, codec);
                return null;
            case MessageKind.InvalidRequest:
                sender.SendError(codec, envelope.RawId.Of(frame), RpcErrorCodes.InvalidRequest, "The method's name is no string.", null);
                return null;
            default:
                return TakeCall(frame, in envelope, codec);
        }
    }

    /// <summary>Tells the peer that its message could not be read, where it is one that wants to know; the connection ends with this.</summary>
    public void TellOf(MalformedMessageException malformed)
    {
        if (options.AnswersMalformed && malformed.AnswerCode != 0)
        {
            RpcCodec codec = options.Codec;
            sender.SendError(codec, codec == RpcCodec.MessagePack ? [MessagePackCode.Nil] : "null"u8, malformed.AnswerCode, malformed.Message, null);
        }
    }

    private void TakeAnswer(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec)
    {
        if (envelope.IdKind == IdKind.Integer && pending.TryRemove(envelope.Id, out PendingCall? call, out LateAnswer? late))
        {
            if (call is not null)
            {
                BlockingAnswers += call.IsBlocking ? 1 : 0;
                call.Answer(frame, in envelope, codec, _payloads, Completions);
            }
            else if (_payloads is not null)
            {
                // The answer to a call that was given up.
                EndPayloads(frame, in envelope, codec, _payloads, isRead: false);
            }

            late?.Drop(frame, in envelope, codec, leases);
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

    private IncomingCall? TakeCall(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec)
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
            return null;
        }

        if (name.SequenceEqual("$/cancelRequest"u8))
        {
            CancelRequest.Take(frame, in envelope, codec, inbound, sender);
            return null;
        }

        FoundMethod found = default;
        int refusal = name.StartsWith("$/"u8) ? TakeLease(frame, in envelope, codec, name, out found) : 0;
        IncomingCall? toRun = null;
        if (refusal == 0)
        {
            refusal = found.Dispatcher is not null || _lookup.TryFind(Volatile.Read(ref _targets), name, out found)
                ? inbound.Accept(frame, in envelope, codec, in found, out toRun)
                : RpcErrorCodes.MethodNotFound;
        }

        if (refusal == 0)
        {
            return toRun;
        }

        Refuse(frame, in envelope, codec, name, refusal);
        return null;
    }

    /// <summary>Takes a message about leases.</summary>
    /// <returns>0 where it is a call, or none about leases; <see cref="Done"/>; or the code of the error to answer.</returns>
    private int TakeLease(
        ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, ReadOnlySpan<byte> name, out FoundMethod found)
    {
        LeaseTake taken = leases.Take(frame, in envelope, codec, name, out Dispatcher? dispatcher, out int method);
        found = dispatcher is null ? default : new FoundMethod(dispatcher, method, null);
        return taken switch
        {
            LeaseTake.Done => Done,
            LeaseTake.Gone => RpcErrorCodes.ObjectGone,
            LeaseTake.NoMethod => RpcErrorCodes.MethodNotFound,
            LeaseTake.Misfit => RpcErrorCodes.InvalidParams,
            _ => 0,
        };
    }

    private void Refuse(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, ReadOnlySpan<byte> name, int refusal)
    {
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
