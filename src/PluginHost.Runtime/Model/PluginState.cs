namespace PluginHost.Runtime.Model;

/// <summary>Where a plugin stands in its life.</summary>
public enum PluginState
{
    /// <summary>Found and valid, not started.</summary>
    Stopped,

    /// <summary>A generation is being started.</summary>
    Starting,

    /// <summary>Takes calls.</summary>
    Ready,

    /// <summary>Failed; the next generation starts after a delay.</summary>
    BackingOff,

    /// <summary>Draining and being stopped.</summary>
    Stopping,

    /// <summary>Stopped, but its load context has not yet been proved gone.</summary>
    Unloading,

    /// <summary>Failed too often; waits for an operator's reset.</summary>
    Quarantined,

    /// <summary>May not run: manifest, policy, version or hash.</summary>
    Refused,
}
