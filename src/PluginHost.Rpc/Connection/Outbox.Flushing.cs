using System.Net.Sockets;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Connection;

/// <summary>The part that sends what is queued, on the thread that queued it or on the own one.</summary>
internal sealed partial class Outbox
{
    private void Flush(ReadOnlySpan<byte> first)
    {
        try
        {
            SendAttempt attempt;
            if (first.Length > 0)
            {
                Volatile.Write(ref _offered, _sent + first.Length);
                attempt = transport.TrySend(first);
                Volatile.Write(ref _sent, _sent + attempt.Sent);
                if (attempt.IsFull)
                {
                    Volatile.Write(ref _offered, _sent);
                    _sending.Clear();
                    _sending.Write(first[attempt.Sent..]);
                    _sendingFrom = 0;
                    HandOver();
                    return;
                }
            }

            while (Swap(out bool isRefillWanted))
            {
                Volatile.Write(ref _offered, isRefillWanted ? _sent : _sent + _sending.Length);
                attempt = isRefillWanted ? new SendAttempt(0, IsFull: true) : transport.TrySend(_sending.WrittenSpan);
                Volatile.Write(ref _sent, _sent + attempt.Sent);
                if (attempt.IsFull)
                {
                    Volatile.Write(ref _offered, _sent);
                    _sendingFrom = attempt.Sent;
                    HandOver();
                    return;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Fail(e);
        }
    }

    /// <summary>Makes what others queued the next to be sent; false where there is nothing to do, and then nobody is sending.</summary>
    private bool Swap(out bool isRefillWanted)
    {
        lock (_lock)
        {
            TellRoom_NeedsLock();
            isRefillWanted = _isRefillWanted;
            _isRefillWanted = false;
            if (_filling.Length == 0 && !isRefillWanted)
            {
                _isFlushing = false;
                return false;
            }

            (_filling, _sending) = (_sending, _filling);
            _filling.Clear();
            _filling.ShrinkAbove(LargestKept);
            _sendingFrom = 0;
            return true;
        }
    }

    private void HandOver() => _thread.Run(GoOn);

    /// <summary>On the own thread: sends with waiting, for the peer is slower than its callers.</summary>
    private void GoOn()
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }
        }

        try
        {
            do
            {
                SendAll();
                refill();
            }
            while (Swap(out _));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Fail(e);
        }
    }

    private void SendAll()
    {
        while (_sendingFrom < _sending.Length)
        {
            int count = Math.Min(LargestSend, _sending.Length - _sendingFrom);
            Volatile.Write(ref _offered, _sent + count);
            int sent = transport.Send(_sending.WrittenSpan.Slice(_sendingFrom, count));
            _sendingFrom += sent;
            Volatile.Write(ref _sent, _sent + sent);
            Volatile.Write(ref _offered, _sent);
            TellRoom();
            refill();
        }
    }

    private void TellRoom()
    {
        lock (_lock)
        {
            TellRoom_NeedsLock();
        }
    }

    /// <summary>Wakes whoever waits for room. After each change of what is sent, for those that came to wait before it.</summary>
    private void TellRoom_NeedsLock()
    {
        if (_room is not null && (_isClosed || _appended - _sent <= limit / 2))
        {
            _room.TrySetResult();
            _room = null;
        }
    }

    /// <summary>Nothing can be sent any more. The reader goes on: what the peer sent before it ended is worth reading.</summary>
    private void Fail(Exception cause)
    {
        lock (_lock)
        {
            _isClosed = true;
            TellRoom_NeedsLock();
        }

        Volatile.Write(ref _failure, cause as SocketException ?? new SocketException((int)SocketError.OperationAborted, cause.Message));
    }
}
