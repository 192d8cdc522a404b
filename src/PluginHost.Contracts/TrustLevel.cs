namespace PluginHost.Contracts;

/// <summary>How far a plugin is trusted. A manifest requests one, the operator's policy grants one; effective is the lower.</summary>
public enum TrustLevel
{
    /// <summary>May run in a sandbox only.</summary>
    Untrusted,

    /// <summary>May run in a child process or farther. Crash isolation, not a security boundary.</summary>
    Standard,

    /// <summary>May run anywhere, the application's own process included.</summary>
    Full,
}
