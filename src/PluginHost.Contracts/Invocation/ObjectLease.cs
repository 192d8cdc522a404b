using System.Diagnostics.CodeAnalysis;

namespace PluginHost.Contracts.Invocation;

/// <summary>
/// An object of a contract that one side handed to the other: the holder has a guard, which is cut from the object when the lease ends. Thread-safe.
/// </summary>
internal sealed class ObjectLease : Lease
{
    private readonly Guard _guard;
    private readonly LeaseTable _table;
    private readonly Lock _lock = new();
    private Task? _ending;
    private bool _isReleased;

    private ObjectLease(Guard guard, LeaseTable table)
    {
        _guard = guard;
        _table = table;
    }

    /// <summary>True where its holder let go of it.</summary>
    public bool IsReleased => Volatile.Read(ref _isReleased);

    /// <summary>Hands an object over.</summary>
    /// <param name="table">The leases of the direction it goes.</param>
    /// <param name="opposite">Those of the other direction: an object of these goes back as itself.</param>
    /// <param name="target">The object, or null.</param>
    /// <param name="contract">Its contract.</param>
    /// <param name="register">False where somebody else ends it.</param>
    /// <param name="lease">The lease; null where there is none.</param>
    [return: NotNullIfNotNull(nameof(target))]
    public static TObject? Hand<TObject>(
        LeaseTable table, LeaseTable opposite, TObject? target, ContractDescriptor contract, bool register, out ObjectLease? lease)
        where TObject : class
    {
        lease = null;
        if (target is null)
        {
            return null;
        }

        if (target is Guard { Lease: { } before } known && ReferenceEquals(before._table, opposite) && known.Target is TObject own)
        {
            return own;
        }

        if (target is Guard { Lease: { IsReleased: true } used, Contract: { } type } && ReferenceEquals(used._table, opposite))
        {
            throw new ReleasedArgumentException(LetGo(type, "A call was given"));
        }

        if (register && table.Find(target) is TObject same and Guard { Target: not null })
        {
            return same;
        }

        Guard guard = contract.CreateGuard(table.SiteOf(contract));
        guard.Target = target;
        guard.Lease = lease = new ObjectLease(guard, table);
        if (register)
        {
            table.Add(lease, target, guard);
        }

        return (TObject)(object)guard;
    }

    /// <summary>What a holder gets that uses an object after it has let go of it.</summary>
    public static ObjectDisposedException LetGo(ContractDescriptor contract, string what) =>
        new(contract.Name, $"{what} an object of {contract.VersionedName} that its holder has let go of.");

    /// <summary>The holder lets go of it: the object is disposed where its contract says that it can be.</summary>
    public Task ReleaseAsync()
    {
        Volatile.Write(ref _isReleased, true);
        return EndOnce(dispose: true);
    }

    /// <inheritdoc/>
    public override Task EndAsync() => EndOnce(_table.DisposesObjects);

    private Task EndOnce(bool dispose)
    {
        TaskCompletionSource ended;
        object? target;
        lock (_lock)
        {
            if (_ending is not null)
            {
                return _ending;
            }

            ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _ending = ended.Task;
            target = _guard.Target;
            _guard.Target = null;
        }

        _ = EndAsync(dispose ? target : null, ended);
        return ended.Task;
    }

    private async Task EndAsync(object? target, TaskCompletionSource ended)
    {
        ContractDescriptor contract = _guard.Contract;
        try
        {
            if (target is IAsyncDisposable async && typeof(IAsyncDisposable).IsAssignableFrom(contract.InterfaceType))
            {
                await async.DisposeAsync().ConfigureAwait(false);
            }
            else if (target is IDisposable disposable && typeof(IDisposable).IsAssignableFrom(contract.InterfaceType))
            {
                disposable.Dispose();
            }
        }
        catch (Exception thrown)
        {
            _table.ReleaseFaulted(contract, thrown);
        }
        finally
        {
            _table.Remove(this);
            ended.SetResult();
        }
    }
}

/// <summary>Says, from inside a guarded call, that the caller gave what it had let go of: it is no error of the callee.</summary>
/// <param name="disposed">What the caller gets.</param>
internal sealed class ReleasedArgumentException(ObjectDisposedException disposed) : Exception(disposed.Message, disposed)
{
    /// <summary>What the caller gets.</summary>
    public ObjectDisposedException Disposed { get; } = disposed;
}
