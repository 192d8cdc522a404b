using PluginHost.Contracts;
using PluginHost.Contracts.Faults;

namespace PluginHost.Cli.Checks;

/// <summary>Which trust a plugin can sensibly have, and why. Immutable.</summary>
/// <param name="Trust">The closest trust.</param>
/// <param name="Tier">The tier that it means.</param>
/// <param name="Because">The reasons in words.</param>
internal sealed record Verdict(TrustLevel Trust, PluginTier Tier, IReadOnlyList<string> Because)
{
    /// <summary>Draws the conclusion.</summary>
    /// <param name="scan">What its code uses.</param>
    /// <param name="isProgram">True for a plugin that is a program of its own.</param>
    /// <param name="stayed">True where the probe showed that it stays in memory, false where it went; null where nothing was tried.</param>
    public static Verdict Of(PluginScan scan, bool isProgram, bool? stayed)
    {
        if (isProgram)
        {
            return new Verdict(TrustLevel.Standard, PluginTier.Process, ["It is a program of its own (\"command\"): it always runs in a process of its own, and its code was not looked at."]);
        }

        List<string> because = [];
        TrustLevel trust = TrustLevel.Full;
        foreach (IGrouping<string, Finding> findings in scan.Own.Where(f => f.Severity > Severity.Note).GroupBy(f => f.Rule))
        {
            Rule rule = Rules.All.First(r => r.Id == findings.Key);
            TrustLevel closest = findings.Max(f => f.Severity) == Severity.Error || rule.To == HostileTo.Isolation ? rule.Closest : TrustLevel.Full;
            trust = closest < trust ? closest : trust;
            string where = string.Join(", ", findings.Select(f => f.Method ?? f.Assembly).Distinct().Take(2));
            because.Add(closest == TrustLevel.Full
                ? $"Inside the application only once this is seen to: {rule.Id} in {where}. {rule.Instead}"
                : $"No closer than {Word(closest)}: {rule.Id} in {where}. {rule.What}");
        }

        if (stayed == true)
        {
            trust = trust < TrustLevel.Standard ? trust : TrustLevel.Standard;
            because.Add("No closer than standard: it was loaded and stopped, and stays in memory.");
        }
        else if (stayed == false)
        {
            because.Add("It was loaded, started and stopped, and has left memory.");
        }

        foreach (IGrouping<string, LibraryFindings> library in scan.Libraries.Where(l => l.Severity > Severity.Note).GroupBy(l => l.Assembly))
        {
            because.Add($"The library {library.Key} has {string.Join(", ", library.Select(l => l.Rule))}: whether the plugin gets there cannot be told from the files.");
        }

        if (trust == TrustLevel.Untrusted)
        {
            because.Add("Untrusted needs the sandbox: a process of its own holds crashes off, but is no wall against code that reaches for other processes.");
        }

        if (because.Count == 0)
        {
            because.Add("Nothing in its code is hostile to unloading or to isolation.");
        }

        return new Verdict(trust, trust switch { TrustLevel.Full => PluginTier.InProcess, TrustLevel.Standard => PluginTier.Process, _ => PluginTier.Sandbox }, because);
    }

    /// <summary>Whether a finding does harm where the trust that the plugin asks for would let it run.</summary>
    public static bool Harms(Finding finding, TrustLevel requested) =>
        finding.Severity == Severity.Error && Rules.All.First(r => r.Id == finding.Rule).Closest < requested;

    private static string Word(TrustLevel trust) => trust switch { TrustLevel.Full => "full", TrustLevel.Standard => "standard", _ => "untrusted" };
}
