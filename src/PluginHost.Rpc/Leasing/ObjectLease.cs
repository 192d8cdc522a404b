using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Leasing;

/// <summary>An object of this side that the peer may call until it lets go of it. Thread-safe.</summary>
internal sealed class ObjectLease(object target, ContractDescriptor contract, ObjectLifetime lifetime, ObjectTable table, LeaseChannel channel) : Lease
{
    private int _isDisposed;

    /// <summary>The handle on the wire.</summary>
    public long Handle { get; set; }

    /// <summary>The object.</summary>
    public object Target => target;

    /// <summary>Reads calls and makes them.</summary>
    public Dispatcher Dispatcher { get; } = contract.CreateDispatcher(target);

    /// <summary>Finds a method by its name without the contract's, with or without <c>Async</c>; -1 where there is none.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> bare = name.EndsWith("Async"u8) ? name[..^5] : name;
        int found = -1;
        foreach (ContractMethod method in contract.Methods)
        {
            ReadOnlySpan<byte> own = method.Utf8WireName;
            own = own[(own.LastIndexOf((byte)'.') + 1)..];
            if (own.SequenceEqual(name))
            {
                return method.Index;
            }

            found = own.SequenceEqual(bare) ? method.Index : found;
        }

        return found;
    }

    /// <summary>Disposes the object where its contract can be disposed. Once, on the pool; does not wait.</summary>
    public void DisposeTarget()
    {
        bool canBeDisposed = typeof(IDisposable).IsAssignableFrom(contract.InterfaceType) || typeof(IAsyncDisposable).IsAssignableFrom(contract.InterfaceType);
        if (canBeDisposed && Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static lease => _ = lease.DisposeTargetAsync(), this, preferLocal: false);
        }
    }

    /// <inheritdoc/>
    public override void CallEnded(bool hasFailed)
    {
        if (hasFailed || lifetime == ObjectLifetime.Call)
        {
            Drop();
        }
    }

    /// <inheritdoc/>
    public override void Drop() => table.Remove(Handle, out _);

    private async Task DisposeTargetAsync()
    {
        try
        {
            if (target is IAsyncDisposable asynchronous)
            {
                await asynchronous.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                (target as IDisposable)?.Dispose();
            }
        }
        catch (Exception e)
        {
            channel.Failed($"The disposal of an object of {contract.VersionedName}", e);
        }
    }
}
