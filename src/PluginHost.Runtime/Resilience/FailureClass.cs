using PluginHost.Contracts.Faults;

namespace PluginHost.Runtime.Resilience;

/// <summary>How the restart policy takes a fault; the rows of the table "Restart, by cause and tier".</summary>
internal enum FailureClass
{
    /// <summary>Not a failure of the plugin as a whole: counted, and a crash only over the fault rate.</summary>
    Counted,

    /// <summary>A crash: restarted within the budget.</summary>
    Crash,

    /// <summary>Could not be started: one retry, then quarantine.</summary>
    Start,

    /// <summary>Version, hash, manifest or policy: starting again cannot help.</summary>
    Never,
}

/// <summary>Sorts fault kinds into failure classes.</summary>
internal static class FailureClasses
{
    /// <summary>The class of a kind.</summary>
    public static FailureClass Of(FaultKind kind) => kind switch
    {
        FaultKind.Exception or FaultKind.UnrequestedCancellation or FaultKind.Timeout or FaultKind.Unavailable or FaultKind.UnloadLeak => FailureClass.Counted,
        FaultKind.StartFailure => FailureClass.Start,
        FaultKind.HandshakeRefused or FaultKind.ContractMismatch or FaultKind.Refused => FailureClass.Never,
        FaultKind.Hang or FaultKind.Signal or FaultKind.Exit or FaultKind.OutOfMemory or FaultKind.StackOverflow or FaultKind.FailFast
            or FaultKind.UnhandledException or FaultKind.ProtocolViolation or FaultKind.LimitExceeded or FaultKind.ConnectionLost
            or FaultKind.HostDeath => FailureClass.Crash,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a defined fault kind."),
    };
}
