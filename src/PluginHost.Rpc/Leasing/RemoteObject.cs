using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Leasing;

/// <summary>
/// An object of the peer: carries the calls of its proxy. Where the application forgets the proxy the peer is told, later, that it may forget the
/// object. Thread-safe.
/// </summary>
[SuppressMessage("Usage", "CA1816", Justification = "Nothing is left for the finalizer once the owner knows.")]
internal sealed class RemoteObject : Lease, IInvoker
{
    private const int Open = 0;
    private const int LetGo = 1;
    private const int Gone = 2;
    private readonly RemoteObjects _all;
    private readonly LeaseChannel _channel;
    private readonly WeakReference<object> _proxy;
    private int _state;

    public RemoteObject(long handle, ContractDescriptor contract, bool isCallScoped, RemoteObjects all, LeaseChannel channel)
    {
        Handle = handle;
        Contract = contract;
        IsCallScoped = isCallScoped;
        _all = all;
        _channel = channel;
        Self = new WeakReference<RemoteObject>(this);
        _proxy = new WeakReference<object>(null!);
    }

    /// <summary>Queues the release: a finalizer sends nothing itself.</summary>
    ~RemoteObject()
    {
        if (_state == Open && _all.Forget(this))
        {
            ThreadPool.UnsafeQueueUserWorkItem(static lost => LeaseMessages.SendRelease(lost.channel, lost.handle, isDisposed: false), (channel: _channel, handle: Handle), preferLocal: false);
        }
    }

    /// <summary>The owner's number for it.</summary>
    public long Handle { get; }

    /// <summary>Its contract.</summary>
    public ContractDescriptor Contract { get; }

    /// <summary>True where it ends with the call that brought it.</summary>
    public bool IsCallScoped { get; }

    /// <summary>What the table holds.</summary>
    public WeakReference<RemoteObject> Self { get; }

    /// <summary>True while it can be called and given back.</summary>
    public bool IsAlive => Volatile.Read(ref _state) == Open;

    /// <summary>True where the application let go of it: to use it again is its own mistake.</summary>
    public bool IsLetGo => Volatile.Read(ref _state) == LetGo;

    /// <summary>The one proxy that the application sees while it holds it.</summary>
    public object Proxy
    {
        get
        {
            lock (_proxy)
            {
                if (!_proxy.TryGetTarget(out object? proxy))
                {
                    proxy = Contract.CreateProxy(this);
                    _proxy.SetTarget(proxy);
                    _all.Know(proxy, this);
                }

                return proxy;
            }
        }
    }

    /// <inheritdoc/>
    public TResult Invoke<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        ThrowIfLetGo(TCall.Method);
        try
        {
            return _channel.Invoker.Invoke<ObjectCall<TCall, TResult>, TResult>(new ObjectCall<TCall, TResult>(Handle, call, _channel.Chain), cancellationToken);
        }
        catch (Exception e) when (_channel.IsGone(e))
        {
            End();
            throw;
        }
        finally
        {
            GC.KeepAlive(this);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TResult> InvokeAsync<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        ThrowIfLetGo(TCall.Method);
        try
        {
            return await _channel.Invoker.InvokeAsync<ObjectCall<TCall, TResult>, TResult>(
                new ObjectCall<TCall, TResult>(Handle, call, _channel.Chain), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (_channel.IsGone(e))
        {
            End();
            throw;
        }
        finally
        {
            GC.KeepAlive(this);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask InvokeVoidAsync<TCall>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<NoResult> =>
        await InvokeAsync<TCall, NoResult>(call, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public void Release() => Release(isDisposed: typeof(IDisposable).IsAssignableFrom(Contract.InterfaceType) || typeof(IAsyncDisposable).IsAssignableFrom(Contract.InterfaceType));

    /// <inheritdoc/>
    public override void CallEnded(bool hasFailed)
    {
        if (hasFailed || IsCallScoped)
        {
            // The owner forgets it as well: nothing is sent.
            End();
        }
    }

    /// <inheritdoc/>
    public override void Drop() => Release(isDisposed: false);

    /// <summary>Ends it without telling its owner, who knows.</summary>
    public void End()
    {
        if (Interlocked.CompareExchange(ref _state, Gone, Open) == Open)
        {
            GC.SuppressFinalize(this);
            _all.Forget(this);
        }
    }

    private void Release(bool isDisposed)
    {
        // One whose owner has ended it is let go of all the same: from then on it is its holder's own mistake to call it.
        if (Interlocked.Exchange(ref _state, LetGo) != Open)
        {
            return;
        }

        GC.SuppressFinalize(this);
        if (_all.Forget(this))
        {
            LeaseMessages.SendRelease(_channel, Handle, isDisposed);
        }
    }

    private void ThrowIfLetGo(ContractMethod method)
    {
        // One whose owner ended it is called all the same: the owner's answer says so, in the words of any failed call.
        if (IsLetGo)
        {
            throw new ObjectDisposedException(Contract.Name, $"{method} was called on an object of {Contract.VersionedName} that this side has let go of.");
        }
    }
}
