using System.Diagnostics;
using System.Net.Sockets;

namespace PluginHost.Rpc.Transport;

/// <summary>The part that waits for bytes: looks again and again for a moment, then sleeps on the socket.</summary>
public sealed partial class RingTransport
{
    private const int SpinMicroseconds = 50;
    private const int LooksBeforeYield = 16;
    private const int YieldsOnOneCore = 2;
    private static readonly long s_spinTicks = SpinMicroseconds * Stopwatch.Frequency / 1_000_000;
    private readonly SpinPolicy _spin = new(SpinMicroseconds, Environment.ProcessorCount);
    private readonly SpinPolicy _expecting = new(SpinMicroseconds, Environment.ProcessorCount);
    private readonly byte[] _wakeUps = new byte[64];
    private int _isExpected;
    private bool _isAsleep;

    /// <inheritdoc/>
    public override void Expect()
    {
        // Whoever sets this is alone with the policy until the reader, which then is awake, takes it back.
        if (_wakeUp is { } wakeUp && Volatile.Read(ref _isAsleep) && Interlocked.CompareExchange(ref _isExpected, 1, 0) == 0)
        {
            if (_expecting.Next() > 0)
            {
                wakeUp.Signal();
            }
            else
            {
                Volatile.Write(ref _isExpected, 0);
            }
        }
    }

    private int ReceiveFromRing(RingReader reader, Span<byte> bytes, int milliseconds)
    {
        int count = milliseconds == 0 ? Look(reader, bytes) : LookForAWhile(reader, bytes);
        if (count != NothingYet)
        {
            return count;
        }

        long began = milliseconds > 0 ? Stopwatch.GetTimestamp() : 0;
        while (true)
        {
            reader.AskToBeWoken();
            count = Look(reader, bytes);
            if (count != NothingYet)
            {
                reader.StayAwake();
                return count;
            }

            int woken = WaitOnSocket(milliseconds, out bool isExpecting);
            count = isExpecting ? SpinExpecting(reader, bytes) : Look(reader, bytes);
            if (count != NothingYet)
            {
                return count;
            }

            if (woken <= 0)
            {
                // The time is over, or the stream is: everything that was written before its end has been read.
                return woken;
            }

            // Woken for nothing. One look serves a thread that polls many; another waits for the rest of its time.
            if (milliseconds == 0 || (milliseconds > 0 && Stopwatch.GetElapsedTime(began).TotalMilliseconds >= milliseconds))
            {
                return NothingYet;
            }
        }
    }

    /// <summary>What is in the ring, or comes while this may look again and again.</summary>
    private int LookForAWhile(RingReader reader, Span<byte> bytes)
    {
        int count = Look(reader, bytes);
        if (count == NothingYet && MaySpin is { } maySpin && maySpin())
        {
            count = s_isOnlyCore ? Yield(reader, bytes) : Spin(reader, bytes, maySpin, _spin, _spin.Next());
        }

        return count;
    }

    /// <summary>What is in the ring now, 0 at the end, <see cref="RpcTransport.NothingYet"/> where it is empty.</summary>
    private int Look(RingReader reader, Span<byte> bytes)
    {
        if (Volatile.Read(ref _violation) is { } violation)
        {
            throw violation;
        }

        if (Volatile.Read(ref _isShut))
        {
            return 0;
        }

        int count = reader.Read(bytes);
        return count > 0 ? count : NothingYet;
    }

    /// <summary>With one core the peer runs only while this side does not: it is given the core, and no more than that.</summary>
    private int Yield(RingReader reader, Span<byte> bytes)
    {
        for (int i = 0; i < YieldsOnOneCore; i++)
        {
            Thread.Yield();
            int count = Look(reader, bytes);
            if (count != NothingYet)
            {
                return count;
            }
        }

        return NothingYet;
    }

    /// <summary>Looks for what a caller said would come.</summary>
    private int SpinExpecting(RingReader reader, Span<byte> bytes)
    {
        reader.StayAwake();
        int count = Spin(reader, bytes, static () => true, _expecting, s_spinTicks);
        Volatile.Write(ref _isExpected, 0);
        return count;
    }

    private int Spin(RingReader reader, Span<byte> bytes, Func<bool> maySpin, SpinPolicy policy, long ticks)
    {
        if (ticks == 0)
        {
            return NothingYet;
        }

        long until = Stopwatch.GetTimestamp() + ticks;
        do
        {
            for (int i = 0; i < LooksBeforeYield; i++)
            {
                int count = Look(reader, bytes);
                if (count != NothingYet)
                {
                    policy.Hit();
                    return count;
                }

                Thread.SpinWait(1);
            }

            // Two that look and do not yield may be on one core, each waiting for the other.
            Thread.Yield();
        }
        while (maySpin() && Stopwatch.GetTimestamp() < until);
        policy.Missed();
        return NothingYet;
    }

    private int WaitOnSocket(int milliseconds, out bool isExpecting)
    {
        isExpecting = false;
        Volatile.Write(ref _isAsleep, milliseconds != 0);
        try
        {
            if (milliseconds != 0 && _wakeUp is { } wakeUp)
            {
                using HeldDescriptor held = _socket.Hold();
                if (!wakeUp.Wait(held, milliseconds, out isExpecting))
                {
                    return isExpecting ? 1 : NothingYet;
                }

                milliseconds = 0;
            }

            return _socket.Receive(_wakeUps, milliseconds);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // The peer died with wake-ups unread. What it wrote before is in the ring.
            return 0;
        }
        finally
        {
            Volatile.Write(ref _isAsleep, false);
        }
    }
}
