using System.Collections.Concurrent;
using System.Net.Sockets;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Connection;

/// <summary>
/// One thread of the process reads this connection and many others, each when something has come for it: what connections beyond the 32nd have in
/// place of a thread of their own.
/// </summary>
/// <param name="intake">What is read from.</param>
/// <param name="transport">Its transport, which has a descriptor to watch.</param>
/// <param name="end">Closes the connection.</param>
internal sealed class SharedReading(Intake intake, RpcTransport transport, Action<RpcCloseReason> end) : Reading(intake, end)
{
    private const int MostKeys = 64;
    private static readonly Lock s_lock = new();
    private static readonly ConcurrentDictionary<long, SharedReading> s_all = new();
    private static Epoll? s_epoll;
    private static long s_lastKey;
    private readonly int _descriptor = transport.PollDescriptor;
    private long _key;

    /// <inheritdoc/>
    public override void Start()
    {
        try
        {
            Epoll epoll = Shared();
            _key = Interlocked.Increment(ref s_lastKey);
            s_all[_key] = this;
            epoll.Watch(_descriptor, _key);
        }
        catch (SocketException e)
        {
            s_all.TryRemove(_key, out _);
            End(Intake.ReasonOf(e));
        }
    }

    private static Epoll Shared()
    {
        lock (s_lock)
        {
            if (s_epoll is null)
            {
                s_epoll = new Epoll();
                new Thread(() => ReadAll(s_epoll)) { IsBackground = true, Name = "PluginHost.Rpc shared reader" }.UnsafeStart();
            }

            return s_epoll;
        }
    }

    private static void ReadAll(Epoll epoll)
    {
        Span<long> keys = stackalloc long[MostKeys];
        while (true)
        {
            int count = epoll.Wait(keys);
            foreach (long key in keys[..count])
            {
                if (s_all.TryGetValue(key, out SharedReading? reading))
                {
                    reading.Read(epoll);
                }
            }
        }
    }

    private void Read(Epoll epoll)
    {
        // Once each time, however much there is: the others have their turn, and the descriptor is reported again.
        if (Intake.Step(0, out _) is not { } reason)
        {
            return;
        }

        s_all.TryRemove(_key, out _);
        epoll.Forget(_descriptor);
        End(reason);
    }
}
