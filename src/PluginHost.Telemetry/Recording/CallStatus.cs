namespace PluginHost.Telemetry.Recording;

/// <summary>How a call ended, as its caller saw it. The same words in both tiers' figures.</summary>
public enum CallStatus
{
    /// <summary>A result came back.</summary>
    Ok,

    /// <summary>A declared error came back: part of the contract, never a fault.</summary>
    Error,

    /// <summary>The plugin failed: an undeclared exception, a crash, a broken protocol.</summary>
    Fault,

    /// <summary>The deadline ended first.</summary>
    Timeout,

    /// <summary>The caller cancelled.</summary>
    Cancelled,

    /// <summary>The call never reached the plugin: not running, refused, or too many waiting.</summary>
    Unavailable,
}
