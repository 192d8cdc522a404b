using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>
/// Told by a <see cref="RemoteInstance"/> of a call that was lost with its worker: tries it again, or says that it is given up. So a call that is not
/// lost waits in one place only. Implemented by the engine; thread-safe.
/// </summary>
internal abstract class LostCalls
{
    /// <summary>Ends a lost call in some way.</summary>
    /// <param name="call">The arguments.</param>
    /// <param name="instance">The instance that lost it; one worker of a pool is none that the engine knows.</param>
    /// <param name="lost">How.</param>
    /// <param name="since">When the call began, as a timestamp of the engine's clock.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public abstract ValueTask<TResult> AgainAsync<TCall, TResult>(
        TCall call, RemoteInstance instance, CallLostException lost, long since, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>;
}
