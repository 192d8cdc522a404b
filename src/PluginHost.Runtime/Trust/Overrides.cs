using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Trust;

/// <summary>Puts an operator's choices over a manifest. Pure.</summary>
internal static class Overrides
{
    /// <summary>Gives the manifest as it takes effect: settings merged by member, limits by member, permissions as granted.</summary>
    public static PluginManifest Apply(PluginManifest manifest, PluginOverrides? overrides) => throw new NotSupportedException();
}
