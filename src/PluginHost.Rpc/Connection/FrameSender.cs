using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Framing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Payloads;

namespace PluginHost.Rpc.Connection;

/// <summary>Writes frames on the calling thread and queues them. Thread-safe.</summary>
/// <param name="options">The connection's settings.</param>
/// <param name="outbox">Where frames are queued.</param>
/// <param name="overflow">Called where the peer does not read its own answers.</param>
/// <param name="logger">The connection's logger.</param>
internal sealed class FrameSender(RpcOptions options, Outbox outbox, Action overflow, ILogger logger)
{
    private const int ChunkBytes = 256 * 1024;

    [ThreadStatic]
    private static bool t_isDraining;

    private readonly FrameFormat _format = options.Format;

    /// <summary>The connection's clock.</summary>
    public TimeProvider Clock => options.Clock;

    /// <summary>The connection's large values; null where they are part of their messages.</summary>
    public PayloadPort? Payloads { get; set; }

    /// <summary>True on a thread that sends for others: it waits for nobody.</summary>
    public static bool IsDraining
    {
        get => t_isDraining;
        set => t_isDraining = value;
    }

    /// <inheritdoc cref="RpcOptions.TellsInside"/>
    public bool TellsInside => options.TellsInside;

    /// <summary>The connection's settings.</summary>
    public RpcOptions Options => options;

    /// <summary>Starts a frame in the thread's own buffer; follow with a Send or with <see cref="Abandon"/>.</summary>
    public OutputBuffer Begin()
    {
        OutputBuffer output = Scratch.Rent(options.MaxMessageBytes);
        output.Payloads = Payloads;
        _format.Begin(output);
        return output;
    }

    /// <summary>Refuses a message that the peer would refuse.</summary>
    /// <exception cref="ValueFormatException">It is larger than the limit.</exception>
    public void CheckSize(OutputBuffer output)
    {
        // The header is counted too: it is small, and both sides then agree on what surely fits.
        if (output.Length > options.MaxMessageBytes)
        {
            throw new ValueFormatException($"The message has {output.Length} bytes; the limit is {options.MaxMessageBytes}.");
        }
    }

    /// <summary>Throws a frame away.</summary>
    public static void Abandon(OutputBuffer output)
    {
        output.EndPayloads(isSent: false);
        Scratch.Return(output);
    }

    /// <summary>Ends a frame and queues it.</summary>
    /// <param name="output">From <see cref="Begin"/>.</param>
    /// <param name="use">What it is.</param>
    /// <param name="request">The request's call, or null.</param>
    /// <param name="corkTurn">As for <see cref="Outbox.Append"/>.</param>
    public AppendResult Send(OutputBuffer output, FrameUse use, PendingCall? request, long corkTurn = 0)
    {
        _format.End(output, 0);
        AppendResult result = outbox.Append(output.WrittenSpan, use, request, corkTurn);
        output.EndPayloads(result == AppendResult.Queued);
        Scratch.Return(output);
        return result;
    }

    /// <summary>Ends an answer's frame and queues it; where there is no room even for answers the connection ends.</summary>
    /// <param name="output">From <see cref="Begin"/>.</param>
    /// <param name="corkTurn">As for <see cref="Outbox.Append"/>.</param>
    public void SendAnswer(OutputBuffer output, long corkTurn = 0)
    {
        if (Send(output, FrameUse.Answer, null, corkTurn) == AppendResult.Full)
        {
            overflow();
        }
    }

    /// <summary>Answers with an error.</summary>
    public void SendError(RpcCodec codec, ReadOnlySpan<byte> rawId, int code, string message, Exception? exception)
    {
        OutputBuffer output = Begin();
        EnvelopeWriter.BeginError(output, codec, rawId);
        CallEncoder.WriteError(output, codec, code, message, options.SendsStacks ? exception : null);
        EnvelopeWriter.End(output, codec);
        SendAnswer(output);
    }

    /// <summary>Answers with null.</summary>
    public void SendNull(RpcCodec codec, ReadOnlySpan<byte> rawId)
    {
        OutputBuffer output = Begin();
        EnvelopeWriter.BeginResult(output, codec, rawId, tellsInside: false);
        output.Write(codec == RpcCodec.MessagePack ? [MessagePackCode.Nil] : "null"u8);
        EnvelopeWriter.EndResult(output, codec, -1);
        SendAnswer(output);
    }

    /// <summary>Asks the peer to stop a call; where there is no room the peer does not read, and would not read this either.</summary>
    public void SendCancel(RpcCodec codec, long id)
    {
        OutputBuffer output = Begin();
        EnvelopeWriter.WriteCancel(output, codec, id);
        Send(output, FrameUse.Answer, null);
    }

    /// <summary>Sends a large value in parts; an empty one tells the peer to forget the transfer. Blocks while the peer is slower.</summary>
    /// <exception cref="ValueFormatException">The peer does not read.</exception>
    /// <exception cref="OperationCanceledException">The message's sender waits no longer.</exception>
    public void SendChunks(long transfer, ReadOnlySpan<byte> value, SendPatience patience)
    {
        long length = value.IsEmpty ? -1 : value.Length;

        // A part with its envelope fits wherever half of what may be unsent is free.
        int most = Math.Min(ChunkBytes, Math.Min(options.MaxMessageBytes / 2, options.MaxUnsentBytes / 4));
        do
        {
            ReadOnlySpan<byte> chunk = value[..Math.Min(most, value.Length)];
            AppendResult result = SendChunk(transfer, length, chunk);
            if (result == AppendResult.Closed)
            {
                // The message behind it meets the same, and says so.
                return;
            }

            if (result == AppendResult.Queued)
            {
                value = value[chunk.Length..];
            }
            else
            {
                WaitForRoom(transfer, length, patience);
            }
        }
        while (!value.IsEmpty);
    }

    /// <summary>Says that code failed for which nobody waits.</summary>
    public void LeaseFailed(string what, Exception exception) => Log.LeaseFailed(logger, what, exception);

    /// <summary>Says that a notification's handler failed; nobody waits for it.</summary>
    public void NotificationFailed(string method, Exception exception) => Log.NotificationFailed(logger, method, exception);

    /// <summary>Says that something a handler registered on its token failed when the token was cancelled.</summary>
    public void CancellationFailed(Exception exception) => Log.CancellationFailed(logger, exception);

    private void WaitForRoom(long transfer, long length, SendPatience patience)
    {
        bool hasRoom = false;
        try
        {
            hasRoom = !IsDraining && WaitForRoom(patience);
        }
        finally
        {
            if (!hasRoom)
            {
                SendChunk(transfer, -1, default);
            }
        }

        if (!hasRoom)
        {
            throw new ValueFormatException(
                $"The peer does not read: more than {options.MaxUnsentBytes / 2} bytes are unsent, and a value of {length} bytes does not fit behind them.");
        }
    }

    /// <summary>Blocks until there is room; false where there was none for <see cref="RpcOptions.FrameTimeout"/>.</summary>
    private bool WaitForRoom(SendPatience patience)
    {
        InlineReading.AboutToBlock();
        outbox.Uncork();
        TimeSpan most = options.FrameTimeout;
        bool isDeadline = false;
        if (patience.Deadline is not 0 and not long.MaxValue)
        {
            // Waits count whole milliseconds: this one does not end before the time.
            TimeSpan left = Clock.GetElapsedTime(Clock.GetTimestamp(), patience.Deadline) + TimeSpan.FromMilliseconds(1);
            isDeadline = left < most;
            most = !isDeadline ? most : left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }

        bool hasRoom = outbox.Room() is not { } room || room.Wait(most, patience.GivenUp);
        return hasRoom || !isDeadline ? hasRoom : throw new SendTimeOverException();
    }

    private AppendResult SendChunk(long transfer, long length, ReadOnlySpan<byte> bytes)
    {
        OutputBuffer output = Begin();
        output.Payloads = null;
        ChunkMessage.Write(output, transfer, length, bytes);
        return Send(output, IsDraining || length < 0 ? FrameUse.Answer : FrameUse.Notification, null);
    }
}
