using PluginHost.Contracts;

namespace PluginHost.Cli.Checks;

/// <summary>How grave a finding is.</summary>
internal enum Severity
{
    /// <summary>Worth knowing; nothing to do.</summary>
    Note,

    /// <summary>Harmful unless the author sees to it.</summary>
    Warning,

    /// <summary>Harmful where the plugin runs inside the application.</summary>
    Error,
}

/// <summary>What an API is hostile to.</summary>
internal enum HostileTo
{
    /// <summary>It keeps the plugin in memory after its unload.</summary>
    Unloading,

    /// <summary>It reaches past the plugin: into the host, the process, the machine.</summary>
    Isolation,
}

/// <summary>A kind of API that does not go well with plugins. Immutable.</summary>
/// <param name="Id">Its name, as findings tell it.</param>
/// <param name="To">What it is hostile to.</param>
/// <param name="Severity">How grave it is as a rule.</param>
/// <param name="Closest">The closest trust that code with it can sensibly have.</param>
/// <param name="What">What is wrong with it.</param>
/// <param name="Instead">What to do instead.</param>
internal sealed record Rule(string Id, HostileTo To, Severity Severity, TrustLevel Closest, string What, string Instead);
