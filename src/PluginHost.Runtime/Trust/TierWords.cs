using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Trust;

/// <summary>The words of the tiers, and which trust allows which.</summary>
internal static class TierWords
{
    /// <summary>The words.</summary>
    public static readonly (string Word, PluginTier Value)[] All =
        [("inProcess", PluginTier.InProcess), ("process", PluginTier.Process), ("sandbox", PluginTier.Sandbox)];

    /// <summary>The word for a tier.</summary>
    public static string Word(PluginTier tier) => Array.Find(All, w => w.Value == tier).Word;

    /// <summary>The closest tier that a trust allows.</summary>
    public static PluginTier ClosestFor(TrustLevel trust) => trust switch
    {
        TrustLevel.Full => PluginTier.InProcess,
        TrustLevel.Standard => PluginTier.Process,
        _ => PluginTier.Sandbox,
    };
}
