namespace PluginHost.Contracts.Faults;

/// <summary>
/// What went wrong. The same word in an exception, a fault record, a metric's tag and a log property, on every tier.
/// <see cref="FaultKinds.Describe"/> gives each kind's sentence and remedy.
/// </summary>
public enum FaultKind
{
    /// <summary>The plugin's code threw an exception that its contract does not declare.</summary>
    Exception,

    /// <summary>The plugin ended a call as cancelled although nobody had asked for cancellation.</summary>
    UnrequestedCancellation,

    /// <summary>A call did not finish within its deadline.</summary>
    Timeout,

    /// <summary>The plugin stopped answering altogether while calls were pending.</summary>
    Hang,

    /// <summary>The worker process ended by a signal.</summary>
    Signal,

    /// <summary>The worker process ended by itself with an exit code while it was needed, 0 included.</summary>
    Exit,

    /// <summary>The worker ran out of memory, or was killed because of its memory.</summary>
    OutOfMemory,

    /// <summary>The plugin's code overflowed a thread's stack.</summary>
    StackOverflow,

    /// <summary>The plugin's code called Environment.FailFast, or the runtime did for it.</summary>
    FailFast,

    /// <summary>An exception left a thread, timer, pool item or async void method of the plugin's own.</summary>
    UnhandledException,

    /// <summary>The worker sent something the protocol does not allow.</summary>
    ProtocolViolation,

    /// <summary>The plugin or its worker could not be started.</summary>
    StartFailure,

    /// <summary>Host and worker could not agree on a protocol version or codec.</summary>
    HandshakeRefused,

    /// <summary>A limit of the manifest, the policy or the protocol was exceeded; the message says which.</summary>
    LimitExceeded,

    /// <summary>The connection to the worker was lost before its cause could be told.</summary>
    ConnectionLost,

    /// <summary>The plugin was built against a contract that the host's contract cannot satisfy, or the reverse.</summary>
    ContractMismatch,

    /// <summary>A load context was asked to unload and stayed in memory.</summary>
    UnloadLeak,

    /// <summary>The policy, the trust level or this machine's abilities do not allow the plugin to run.</summary>
    Refused,

    /// <summary>The plugin is not running and will not take calls now: stopped, restarting or quarantined.</summary>
    Unavailable,

    /// <summary>The host process died while the plugin was on a thread's stack; found at the next start.</summary>
    HostDeath,
}
