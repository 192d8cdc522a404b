using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Leasing;

/// <summary>The objects of the peer that are held here, by handle and by proxy; they are not kept alive. Thread-safe.</summary>
internal sealed class RemoteObjects(LeaseChannel channel)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, WeakReference<RemoteObject>> _byHandle = [];
    private readonly ConditionalWeakTable<object, RemoteObject> _byProxy = [];

    /// <summary>How many are held.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _byHandle.Count;
            }
        }
    }

    /// <summary>The object of a handle: the one that is held, or a new one.</summary>
    /// <param name="handle">The peer's number.</param>
    /// <param name="contract">What it is called through here.</param>
    /// <param name="isCallScoped">It ends with the call that brought it.</param>
    /// <param name="isNew">It was not held before.</param>
    /// <exception cref="ValueFormatException">Too many are held, or it is held as something else.</exception>
    public RemoteObject Get(long handle, ContractDescriptor contract, bool isCallScoped, out bool isNew)
    {
        lock (_lock)
        {
            isNew = false;
            if (_byHandle.TryGetValue(handle, out WeakReference<RemoteObject>? known) && known.TryGetTarget(out RemoteObject? held))
            {
                return held.Contract.InterfaceType == contract.InterfaceType
                    ? held
                    : throw new ValueFormatException($"The object {handle} is held as {held.Contract.VersionedName}; it came again as {contract.VersionedName}.");
            }

            if (known is null && _byHandle.Count >= channel.Options.MaxObjects)
            {
                throw new ValueFormatException($"{_byHandle.Count} objects of the peer are held on this connection, and that is its limit. Dispose those that are not needed.");
            }

            isNew = true;
            RemoteObject created = new(handle, contract, isCallScoped, this, channel);
            _byHandle[handle] = created.Self;
            return created;
        }
    }

    /// <summary>Finds the object behind a proxy; null where it is none of this connection.</summary>
    public RemoteObject? Find(object proxy) => _byProxy.TryGetValue(proxy, out RemoteObject? known) ? known : null;

    /// <summary>Remembers a proxy.</summary>
    public void Know(object proxy, RemoteObject known) => _byProxy.Add(proxy, known);

    /// <summary>Forgets an object; false where its handle stands for another one already.</summary>
    public bool Forget(RemoteObject gone)
    {
        lock (_lock)
        {
            return _byHandle.TryGetValue(gone.Handle, out WeakReference<RemoteObject>? known) && ReferenceEquals(known, gone.Self) && _byHandle.Remove(gone.Handle);
        }
    }

    /// <summary>Ends the object of a handle that its owner takes back.</summary>
    public void Revoke(long handle)
    {
        RemoteObject? revoked = null;
        lock (_lock)
        {
            _ = _byHandle.TryGetValue(handle, out WeakReference<RemoteObject>? known) && known.TryGetTarget(out revoked);
        }

        revoked?.End();
    }
}
