namespace PluginHost.Runtime.Model;

/// <summary>After which ends a plugin is restarted; the words are Erlang's. What starting again cannot mend is restarted by none of them.</summary>
public enum RestartType
{
    /// <summary>After every end that nobody asked for, an exit with code 0 included.</summary>
    Permanent,

    /// <summary>After every failure; a worker that ends itself with exit code 0 has done its work, and the plugin is stopped.</summary>
    Transient,

    /// <summary>Never: the plugin is stopped after its first failure, and after a start that failed.</summary>
    Temporary,
}
