namespace PluginHost.Contracts.Faults;

/// <summary>One sentence and one remedy for each <see cref="FaultKind"/>: the texts a person reads in tools, docs and exceptions.</summary>
public static class FaultKinds
{
    /// <summary>What a kind means and what to do about it.</summary>
    /// <param name="Sentence">What happened, in one sentence.</param>
    /// <param name="Remedy">What a person does about it, in one sentence.</param>
    public readonly record struct Description(string Sentence, string Remedy);

    /// <summary>Describes a kind. Thread-safe.</summary>
    /// <param name="kind">A defined kind.</param>
    /// <returns>Its sentence and remedy.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="kind"/> is not a defined kind.</exception>
    public static Description Describe(FaultKind kind) => kind switch
    {
        FaultKind.Exception => new(
            "The plugin's code threw an exception that its contract does not declare.",
            "Read the remote type, message and stack in the fault; if callers are meant to handle it, declare it with [Throws<T>] on the contract."),
        FaultKind.UnrequestedCancellation => new(
            "The plugin ended a call as cancelled although nobody had asked for cancellation.",
            "Look for a time-out or a cancelled token inside the plugin; throw a declared error instead of OperationCanceledException."),
        FaultKind.Timeout => new(
            "A call did not finish within its deadline.",
            "Raise limits.callTimeout or the method's [CallPolicy(Timeout)], or make the method honour its cancellation token."),
        FaultKind.Hang => new(
            "The plugin stopped answering while calls were pending.",
            "Read the running methods in the fault record; look for a deadlock or an endless loop."),
        FaultKind.Signal => new(
            "The worker process was ended by a signal.",
            "Read the signal and the stderr tail; a signal nobody sent by hand points to native code or to the kernel's memory killer."),
        FaultKind.Exit => new(
            "The worker process ended by itself while it was needed.",
            "Remove the call that ends the process (Environment.Exit, exit) from the plugin or its dependencies."),
        FaultKind.OutOfMemory => new(
            "The worker ran out of memory.",
            "Raise limits.memory, or find what the plugin keeps; recycle.memory bounds slow leaks."),
        FaultKind.StackOverflow => new(
            "The plugin's code overflowed a thread's stack.",
            "Read the repeated frames in the stderr tail and end the recursion; run the plugin out of process until it is mended."),
        FaultKind.FailFast => new(
            "The plugin's code, or the runtime for it, called FailFast.",
            "Read the message in the stderr tail; an internal runtime error points to unsafe or native code."),
        FaultKind.UnhandledException => new(
            "An exception left a thread, timer, pool item or async void method of the plugin's own.",
            "Catch exceptions at the top of the plugin's own threads, and return Task instead of async void."),
        FaultKind.ProtocolViolation => new(
            "The worker sent something the protocol does not allow.",
            "Make sure nothing but the RPC library writes to the channel, and that both sides speak the same framing and version."),
        FaultKind.StartFailure => new(
            "The plugin or its worker could not be started.",
            "Read the message: it names the missing file, dependency, type or framework; then reset the plugin."),
        FaultKind.HandshakeRefused => new(
            "Host and worker could not agree on a protocol version or codec.",
            "Install host and worker of the same release."),
        FaultKind.LimitExceeded => new(
            "A limit of the manifest, the policy or the protocol was exceeded.",
            "The message names the limit and the value; raise it in the operator's file if the plugin is right to need more."),
        FaultKind.ConnectionLost => new(
            "The connection to the worker was lost before its cause could be told.",
            "Read the stderr tail and the system's log for the worker's process id."),
        FaultKind.ContractMismatch => new(
            "Plugin and host do not agree on a contract.",
            "Rebuild the plugin against the host's contract version, or install a host that has the version the plugin names."),
        FaultKind.UnloadLeak => new(
            "A load context was asked to unload and stayed in memory.",
            "Find what still refers to the plugin (static events, timers, threads, caches) with an unload probe, or run it in a child process."),
        FaultKind.Refused => new(
            "Policy, trust or this machine's abilities do not allow the plugin to run.",
            "Read the placement's reasons; grant trust with a rule that names the plugin's hash or key."),
        FaultKind.Unavailable => new(
            "The plugin is not running and takes no calls now.",
            "Retry after the time that the exception names, or start or reset the plugin."),
        FaultKind.HostDeath => new(
            "The host process died while the plugin was on a thread's stack.",
            "Run the plugin out of process; its crash then costs one worker and not the application."),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a defined fault kind."),
    };
}
