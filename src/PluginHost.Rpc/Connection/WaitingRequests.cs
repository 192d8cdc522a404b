using System.Diagnostics.CodeAnalysis;

namespace PluginHost.Rpc.Connection;

/// <summary>Requests that wait, unwritten, until the peer has read enough. Bounded by the pending table. Thread-safe.</summary>
internal sealed class WaitingRequests
{
    private readonly Lock _lock = new();

    // Made when one waits, which is rare: its code is compiled then and not at every worker's start.
    private LinkedList<(PendingCall Call, long Id)>? _requests;
    private int _count;

    /// <summary>True where none waits.</summary>
    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    /// <summary>Puts a request behind the others.</summary>
    public void Add(PendingCall call, long id)
    {
        lock (_lock)
        {
            (_requests ??= new()).AddLast((call, id));
            _count++;
        }
    }

    /// <summary>Puts a request in front, where it was taken from.</summary>
    public void PutBack(PendingCall call, long id)
    {
        lock (_lock)
        {
            (_requests ??= new()).AddFirst((call, id));
            _count++;
        }
    }

    /// <summary>Takes the first.</summary>
    public bool TryTake([NotNullWhen(true)] out PendingCall? call, out long id)
    {
        lock (_lock)
        {
            if (_requests?.First is not { } first)
            {
                call = null;
                id = 0;
                return false;
            }

            (call, id) = first.Value;
            _requests.RemoveFirst();
            _count--;
            return true;
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _requests?.Clear();
            _count = 0;
        }
    }
}
