using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Trust;

/// <summary>A policy file as read.</summary>
/// <param name="Policy">The policy; grants nothing where there are problems.</param>
/// <param name="Problems">All that is wrong; anything here refuses every plugin.</param>
internal sealed record PolicyResult(PluginPolicy Policy, IReadOnlyList<Problem> Problems);

/// <summary>Reads <c>pluginhost.json</c>.</summary>
internal static class PolicyReader
{
    /// <summary>Reads a policy that must be there.</summary>
    /// <param name="file">The file.</param>
    /// <param name="pluginsDirectory">The plugins directory; a policy from inside it is refused.</param>
    public static PolicyResult Read(string file, string? pluginsDirectory = null) => throw new NotSupportedException();

    /// <summary>Reads a policy where there is one; no file grants nothing.</summary>
    public static PolicyResult ReadIfThere(string file, string? pluginsDirectory = null) => throw new NotSupportedException();
}
