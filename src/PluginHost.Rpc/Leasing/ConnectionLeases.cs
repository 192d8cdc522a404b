using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Leasing;

/// <summary>What became of a message whose name begins with <c>$/</c>.</summary>
internal enum LeaseTake
{
    /// <summary>It is none about leases.</summary>
    Unknown,

    /// <summary>It is done; a request is answered with null.</summary>
    Done,

    /// <summary>It is a call for a dispatcher.</summary>
    Call,

    /// <summary>It is for something that is gone.</summary>
    Gone,

    /// <summary>It names a method that the object has not.</summary>
    NoMethod,

    /// <summary>Its arguments do not fit.</summary>
    Misfit,
}

/// <summary>All leases of one connection, in both directions. Thread-safe; messages are taken by the reader alone.</summary>
internal sealed class ConnectionLeases
{
    private readonly ILogger _logger;
    private readonly StepDispatcher _steps;
    private readonly ITimer? _idle;
    private FloodGauge _dropped;

    public ConnectionLeases(LeaseChannel channel, ILogger logger)
    {
        Channel = channel;
        _logger = logger;
        LeaseOptions options = channel.Options;
        Progress = new TokenTable<ProgressReceiver>(options.MaxTokens);
        Sequences = new TokenTable<SequenceSource>(options.MaxTokens);
        Objects = new ObjectTable(options.MaxObjects);
        RemoteObjects = new RemoteObjects(channel);
        _steps = new StepDispatcher(Sequences);
        _dropped = new FloodGauge(options.MaxDroppedReports, (long)(options.DroppedReportsWindow.TotalSeconds * channel.Clock.TimestampFrequency));
        if (options.SequenceIdleTimeout != Timeout.InfiniteTimeSpan)
        {
            TimeSpan look = options.SequenceIdleTimeout / 2;
            _idle = channel.Clock.CreateTimer(static leases => ((ConnectionLeases)leases!).EndIdle(), this, look, look);
        }
    }

    /// <summary>The connection.</summary>
    public LeaseChannel Channel { get; }

    /// <summary>This side's receivers of progress.</summary>
    public TokenTable<ProgressReceiver> Progress { get; }

    /// <summary>This side's sequences.</summary>
    public TokenTable<SequenceSource> Sequences { get; }

    /// <summary>This side's objects.</summary>
    public ObjectTable Objects { get; }

    /// <summary>The peer's objects that are held here.</summary>
    public RemoteObjects RemoteObjects { get; }

    /// <summary>Takes a message about leases.</summary>
    /// <exception cref="MalformedMessageException">The peer sends more for nothing than it may.</exception>
    public LeaseTake Take(
        ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, ReadOnlySpan<byte> name, out Dispatcher? dispatcher, out int method)
    {
        dispatcher = null;
        method = 0;
        ReadOnlySpan<byte> arguments = envelope.Params.IsAbsent ? default : envelope.Params.Of(frame);
        if (name.SequenceEqual("$/progress"u8))
        {
            TakeProgress(arguments, codec);
            return LeaseTake.Done;
        }

        if (name.SequenceEqual("$/enumerator/next"u8))
        {
            dispatcher = envelope.Kind == MessageKind.Request ? _steps : null;
            return dispatcher is null ? LeaseTake.Done : LeaseTake.Call;
        }

        if (name.SequenceEqual("$/enumerator/abort"u8))
        {
            return TakeAbort(arguments, codec);
        }

        if (name.SequenceEqual("$/releaseMarshaledObject"u8))
        {
            return TakeRelease(arguments, codec);
        }

        return ObjectName.TryRead(name, out long called, out ReadOnlySpan<byte> member) ? TakeObjectCall(called, member, out dispatcher, out method) : LeaseTake.Unknown;
    }

    /// <summary>Ends all leases with their connection.</summary>
    public void Close()
    {
        _idle?.Dispose();
        Progress.Close().ForEach(static receiver => receiver.CallEnded(hasFailed: true));
        Sequences.Close().ForEach(static sequence => sequence.Drop());
        Objects.Close();
    }

    private LeaseTake TakeAbort(ReadOnlySpan<byte> arguments, RpcCodec codec)
    {
        try
        {
            if (arguments.IsEmpty || !LeaseMessages.TryReadNumber(arguments, codec, "token"u8, out long token))
            {
                return LeaseTake.Misfit;
            }

            if (Sequences.TryFind(token, out SequenceSource? sequence))
            {
                sequence.Drop();
            }

            return LeaseTake.Done;
        }
        catch (ValueFormatException e)
        {
            Log.Unreadable(_logger, e.Message);
            return LeaseTake.Misfit;
        }
    }

    /// <summary>The peer lets go of an object of this side, or takes one of its own back. A handle that is not in use is nothing.</summary>
    private LeaseTake TakeRelease(ReadOnlySpan<byte> arguments, RpcCodec codec)
    {
        try
        {
            if (arguments.IsEmpty || !LeaseMessages.TryReadRelease(arguments, codec, out long handle, out bool isOwnedBySender))
            {
                return LeaseTake.Misfit;
            }

            if (isOwnedBySender)
            {
                RemoteObjects.Revoke(handle);
            }
            else if (Objects.Remove(handle, out ObjectLease? lease))
            {
                lease.DisposeTarget();
            }

            return LeaseTake.Done;
        }
        catch (ValueFormatException e)
        {
            Log.Unreadable(_logger, e.Message);
            return LeaseTake.Misfit;
        }
    }

    private LeaseTake TakeObjectCall(long handle, ReadOnlySpan<byte> member, out Dispatcher? dispatcher, out int method)
    {
        dispatcher = null;
        method = -1;
        if (!Objects.TryFind(handle, out ObjectLease? lease))
        {
            return LeaseTake.Gone;
        }

        method = lease.Find(member);
        if (method >= 0)
        {
            dispatcher = lease.Dispatcher;
            return LeaseTake.Call;
        }

        if (!member.SequenceEqual("Dispose"u8) && !member.SequenceEqual("dispose"u8) && !member.SequenceEqual("DisposeAsync"u8))
        {
            return LeaseTake.NoMethod;
        }

        lease.Drop();
        lease.DisposeTarget();
        return LeaseTake.Done;
    }

    private void TakeProgress(ReadOnlySpan<byte> arguments, RpcCodec codec)
    {
        bool isTaken = false;
        try
        {
            if (codec == RpcCodec.MessagePack && !arguments.IsEmpty)
            {
                MessagePackValueReader reader = new(arguments);
                MessagePackValueReader ahead = new(arguments);
                isTaken = TakeProgress(ref reader, ref ahead);
            }
            else if (!arguments.IsEmpty)
            {
                JsonValueReader reader = new(arguments);
                JsonValueReader ahead = new(arguments);
                isTaken = TakeProgress(ref reader, ref ahead);
            }
        }
        catch (Exception e)
        {
            // Readers run code of the contract's types. One report is lost; the call it belongs to goes on.
            Log.Unreadable(_logger, e.Message);
        }

        if (isTaken)
        {
            return;
        }

        bool isTolerated = _dropped.Count(Channel.Clock.GetTimestamp());
        if (long.IsPow2(_dropped.Total))
        {
            Log.ReportsDropped(_logger, _dropped.Total);
        }

        if (!isTolerated)
        {
            throw new MalformedMessageException(
                MessageFault.Limit,
                $"The peer reports progress faster than it is taken, or of calls that have ended: {Channel.Options.MaxDroppedReports} reports were thrown away within {Channel.Options.DroppedReportsWindow}.") { Limit = "MaxDroppedReports" };
        }
    }

    /// <summary>Finds the receiver with one reader and gives it the value with the other: the token may stand behind it.</summary>
    private bool TakeProgress<TReader>(ref TReader reader, ref TReader ahead)
        where TReader : struct, IValueReader, allows ref struct
    {
        if (reader.Peek() == ValueKind.Array)
        {
            ValueScope array = reader.BeginArray();
            return reader.NextElement(ref array) && TryFindReceiver(ProgressToken.Read(ref reader), out ProgressReceiver? first)
                && reader.NextElement(ref array) && first.Take(ref reader);
        }

        ProgressReceiver? named = null;
        bool isKnown = MapMember.MoveTo(ref ahead, "token"u8) && TryFindReceiver(ProgressToken.Read(ref ahead), out named);
        return isKnown && MapMember.MoveTo(ref reader, "value"u8) && named!.Take(ref reader);
    }

    private bool TryFindReceiver(ProgressToken token, [NotNullWhen(true)] out ProgressReceiver? receiver)
    {
        receiver = null;
        return token.IsNumber && Progress.TryFind(token.Number, out receiver);
    }

    private void EndIdle()
    {
        long now = Channel.Clock.GetTimestamp();
        foreach (SequenceSource sequence in Sequences.All())
        {
            sequence.EndIfIdle(now, Channel.Options.SequenceIdleTimeout);
        }
    }
}
