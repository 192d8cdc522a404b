using System.Runtime.CompilerServices;

namespace PluginHost.Contracts.Invocation;

/// <summary>
/// The open leases of one generation of an in-process plugin in one direction: what was handed over and outlives its call. They are held weakly:
/// one that its holder forgot keeps no memory and delays no stop. Implemented by the engine; thread-safe.
/// </summary>
/// <param name="disposesObjects">True where objects whose contract is disposable are disposed when the generation ends: they are the plugin's.</param>
public abstract class LeaseTable(bool disposesObjects)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, WeakReference<Lease>> _leases = [];
    private readonly ConditionalWeakTable<object, WeakReference<Guard>> _guards = [];
    private long _last;
    private int _pruneAt = 64;
    private bool _isEnded;

    /// <summary>How many leases are open now.</summary>
    public int Open
    {
        get
        {
            lock (_lock)
            {
                Prune_NeedsLock();
                return _leases.Count;
            }
        }
    }

    /// <summary>How many calls are inside objects of this table now.</summary>
    public abstract int CallsInside { get; }

    internal bool DisposesObjects => disposesObjects;

    /// <summary>The engine's side of the guards over objects of a contract that are handed over in this direction.</summary>
    public abstract GuardSite SiteOf(ContractDescriptor contract);

    /// <summary>Hears what an owner's code threw while a lease was let go of, where nobody waits for an answer. Called on any thread.</summary>
    public abstract void ReleaseFaulted(ContractDescriptor contract, Exception thrown);

    /// <summary>Ends every lease, and whatever is handed over from now on at once. Idempotent; never faults.</summary>
    /// <returns>Ends when the owners' code has let go: enumerators and objects are disposed.</returns>
    public virtual Task EndAsync()
    {
        List<Lease> open = [];
        lock (_lock)
        {
            _isEnded = true;
            foreach (WeakReference<Lease> reference in _leases.Values)
            {
                if (reference.TryGetTarget(out Lease? lease))
                {
                    open.Add(lease);
                }
            }
        }

        return Task.WhenAll(open.Select(lease => Task.Run(lease.EndAsync)));
    }

    /// <summary>Remembers a lease, or ends it where the generation has ended.</summary>
    internal void Add(Lease lease)
    {
        lock (_lock)
        {
            if (!_isEnded)
            {
                if (_leases.Count >= _pruneAt)
                {
                    Prune_NeedsLock();
                    _pruneAt = Math.Max(64, _leases.Count * 2);
                }

                lease.Key = ++_last;
                _leases.Add(lease.Key, new WeakReference<Lease>(lease));
                return;
            }
        }

        _ = Task.Run(lease.EndAsync);
    }

    /// <summary>Remembers an object's lease, and its guard for the next time that the object is handed over.</summary>
    internal void Add(Lease lease, object target, Guard guard)
    {
        lock (_lock)
        {
            _guards.AddOrUpdate(target, new WeakReference<Guard>(guard));
        }

        Add(lease);
    }

    /// <summary>The guard over an object, where somebody holds one.</summary>
    internal Guard? Find(object target)
    {
        lock (_lock)
        {
            return _guards.TryGetValue(target, out WeakReference<Guard>? known) && known.TryGetTarget(out Guard? guard) ? guard : null;
        }
    }

    /// <summary>Forgets a lease that is over.</summary>
    internal void Remove(Lease lease)
    {
        lock (_lock)
        {
            _leases.Remove(lease.Key);
        }
    }

    private void Prune_NeedsLock()
    {
        foreach ((long key, WeakReference<Lease> reference) in _leases)
        {
            if (!reference.TryGetTarget(out _))
            {
                _leases.Remove(key);
            }
        }
    }
}

/// <summary>Something that was handed over and outlives its call.</summary>
internal abstract class Lease
{
    /// <summary>Its key in its table; 0 where it is in none.</summary>
    public long Key { get; set; }

    /// <summary>Takes it back from its holder. Idempotent; ends when its owner's code has let go; never faults.</summary>
    public abstract Task EndAsync();
}
