using System.Diagnostics.CodeAnalysis;

namespace PluginHost.Rpc.Leasing;

/// <summary>Leases of this side by their tokens, which count from 1 and are never used twice. Thread-safe; ends nothing itself.</summary>
/// <param name="limit">How many may be alive.</param>
internal sealed class TokenTable<TLease>(int limit)
    where TLease : Lease
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, TLease> _leases = [];
    private long _last;
    private bool _isClosed;

    /// <summary>How many are alive.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _leases.Count;
            }
        }
    }

    /// <summary>Gives a lease its token; false where as many are alive as may, or the connection has ended.</summary>
    public bool TryAdd(TLease lease, out long token)
    {
        lock (_lock)
        {
            token = _last + 1;
            if (_isClosed || _leases.Count >= limit)
            {
                return false;
            }

            _last = token;
            _leases.Add(token, lease);
            return true;
        }
    }

    /// <summary>Finds a lease that is alive.</summary>
    public bool TryFind(long token, [NotNullWhen(true)] out TLease? lease)
    {
        lock (_lock)
        {
            return _leases.TryGetValue(token, out lease);
        }
    }

    /// <summary>Forgets a token.</summary>
    public void Remove(long token)
    {
        lock (_lock)
        {
            _leases.Remove(token);
        }
    }

    /// <summary>All that are alive.</summary>
    public List<TLease> All()
    {
        lock (_lock)
        {
            return [.. _leases.Values];
        }
    }

    /// <summary>Takes all and takes no more.</summary>
    public List<TLease> Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            List<TLease> all = [.. _leases.Values];
            _leases.Clear();
            return all;
        }
    }
}
