using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Connection;

/// <summary>The part that writes requests, in turn with those that wait for room, and takes them back.</summary>
public sealed partial class RpcConnection
{
    /// <summary>Ends a call whose caller cancelled it, and asks the peer to stop.</summary>
    internal void Cancel(PendingCall call, long id)
    {
        if (_options.CancelMode == RpcCancelMode.WaitForAnswer && call.FrameStart >= 0)
        {
            CancelAndWait(call, id);
            return;
        }

        if (!ReferenceEquals(_pending.Abandon(id), call))
        {
            return;
        }

        bool wasQueued = call.FrameStart >= 0;
        call.Fail(call.Cancelled());
        if (wasQueued)
        {
            _sender.SendCancel(Codec, id);
        }

        // Its id is free again only once the late answer is read, and this caller does not read it.
        _reading?.Expect();
    }

    /// <summary>Asks the peer to stop a call that goes on waiting for its answer, for so long as it may.</summary>
    private void CancelAndWait(PendingCall call, long id)
    {
        if (_pending.TryCancel(id, call, DeadlineAfter(_options.CancelWait)))
        {
            _sender.SendCancel(Codec, id);
            _sweep.Arm();
        }
    }

    private void Begin<TCall, TResult>(PendingCall<TCall, TResult> pending, CancellationToken ct)
        where TCall : struct, ICall<TResult>
    {
        if (ct.IsCancellationRequested)
        {
            pending.Fail(new OperationCanceledException($"{pending.Method} was cancelled before it was sent.", ct));
            return;
        }

        bool isTimed = pending.Timeout != Timeout.InfiniteTimeSpan;
        pending.Deadline = isTimed ? DeadlineAfter(pending.Timeout) : long.MaxValue;
        AddResult added = _pending.Add(pending);
        if (added != AddResult.Added)
        {
            pending.Fail(added == AddResult.Full
                ? new RpcLimitException(pending.Method, _options.MaxPendingOutbound)
                : new RpcConnectionLostException(pending.Method, _reason!, wasSent: false));
            return;
        }

        long id = pending.Id;
        if (!_waiting.IsEmpty || !TrySend(pending, id))
        {
            pending.IsShared = true;
            _waiting.Add(pending, id);
            _outbox.WakeForWaiting();
        }

        // A send that failed is looked at by the sweep as well: the reader mostly ends first, with what the peer sent last.
        if (isTimed || _outbox.Failure is not null)
        {
            _sweep.Arm();
        }

        pending.ListenToCaller();
    }

    /// <summary>Writes and queues a request; false where there is no room. One that cannot be written fails here.</summary>
    private bool TrySend(PendingCall pending, long id)
    {
        OutputBuffer output = _sender.Begin();
        if (_payloads is not null)
        {
            output.Patience = new SendPatience(pending.Deadline, pending.Caller);
        }

        try
        {
            pending.Encode(output, Codec);
            _sender.CheckSize(output);
        }
        catch (Exception e)
        {
            // Writers run code of the contract's types: whatever comes out of them is this call's failure.
            FrameSender.Abandon(output);
            if (_pending.TryRemove(id, out PendingCall? mine, out _) && mine is not null)
            {
                mine.Fail(NotSent(mine, e));
            }

            return true;
        }

        // A caller that blocks has nothing to send behind it.
        bool isKept = !pending.IsBlocking && _completions.KeepsTogether;
        AppendResult result = _sender.Send(output, FrameUse.Request, pending, isKept ? Outbox.KeptTogether : 0);
        if (isKept)
        {
            // What is kept must be seen before the question: the reader looks whether callers are left, and then whether something is kept.
            Interlocked.MemoryBarrier();
            if (!_completions.KeepsTogether)
            {
                // Whoever completes the last of them has gone on meanwhile: nobody looks after what is kept.
                _outbox.Uncork();
            }
        }

        // Where the connection has ended meanwhile its close fails every call in the table, this one too.
        return result != AppendResult.Full;
    }

    /// <summary>What a call ends with whose request was not sent.</summary>
    private static Exception NotSent(PendingCall call, Exception cause)
    {
        if (cause is OperationCanceledException && call.Caller.IsCancellationRequested)
        {
            return call.Cancelled();
        }

        return cause is SendTimeOverException
            ? new RpcTimeoutException(call.Method, call.Timeout, wasSent: false)
            : new RpcSerializationException($"The arguments of {call.Method} cannot be sent: {cause.Message}", cause);
    }

    /// <summary>Sends requests that waited for room, as far as there is room. On the outbox's own thread.</summary>
    private void SendWaiting()
    {
        FrameSender.IsDraining = true;
        try
        {
            while (!_outbox.IsCrowded && _waiting.TryTake(out PendingCall? call, out long id))
            {
                if (!_pending.IsLive(id))
                {
                    // Given up while it waited: it was never sent, so nothing will answer and free its id.
                    _pending.TryRemove(id, out _, out _);
                }
                else if (!TrySend(call, id))
                {
                    _waiting.PutBack(call, id);
                    return;
                }
            }
        }
        finally
        {
            FrameSender.IsDraining = false;
        }
    }
}
