namespace PluginHost.Contracts.Faults;

/// <summary>Where a plugin runs. A greater value is farther from the application: slower to call, better contained.</summary>
public enum PluginTier
{
    /// <summary>In the application's process, in a collectible load context: nanoseconds a call, no isolation.</summary>
    InProcess,

    /// <summary>In a child process over JSON-RPC: microseconds a call; a crash is contained, secrets are not.</summary>
    Process,

    /// <summary>In a child process that the kernel keeps from everything it was not given. The only security boundary.</summary>
    Sandbox,
}
