using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>The part about another worker's taking over: what this one has used, whether it is well, and how it lets go of its calls.</summary>
internal sealed partial class WorkerInstance
{
    private bool _isDraining;

    /// <inheritdoc/>
    public override async Task<int> DrainAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _isDraining, true);

        // A call counts itself in before it looks whether it may go on: either it sees the mark, or it is seen here.
        Interlocked.MemoryBarrier();
        return await Draining.WaitAsync(
            () => Died.IsCompleted ? 0 : _gate.Busy + Volatile.Read(ref _unplaced) + _link.Connection.HeldLeases, drain, _clock, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task CheckHealthAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            await _link.Connection.CallAsync<HealthCall, NoResult>(default, timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (RpcErrorException unknown) when (unknown.Code == RpcErrorCodes.MethodNotFound)
        {
            // A program that knows no such method has answered, and that is what was asked.
        }
        catch (RpcErrorException refused)
        {
            throw StartFailure.Unhealthy(_identity, refused);
        }
        catch (RpcTimeoutException)
        {
            throw StartFailure.Silent(_identity, timeout);
        }
        catch (RpcConnectionLostException)
        {
            throw StartFailure.Died(_identity, "before its health check had ended", await _link.Gone.ConfigureAwait(false));
        }
        catch (RpcException broken)
        {
            throw StartFailure.NotAsked(_identity, "its health check", broken);
        }
    }

    /// <inheritdoc/>
    public override InstanceUsage? Usage(bool withMemory) =>
        new InstanceUsage(Interlocked.Read(ref _taken), withMemory ? ProcessMemory.Resident(_link.Pid) : null);

    /// <inheritdoc/>
    public override void EndOverLimit(string limit, string what) => _link.KillOver(new LimitFinding(limit, what));

    /// <summary>The last look before a call is sent.</summary>
    private void GoIn(ContractMethod method)
    {
        if (_link.IsStopping || Volatile.Read(ref _isDraining))
        {
            throw new CallLostException(_link.Stopped(method), wasSent: false);
        }

        if (_countsCalls)
        {
            Interlocked.Increment(ref _taken);
        }
    }
}
