using PluginHost.Contracts;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Trust;

/// <summary>A policy file as read.</summary>
/// <param name="Policy">The policy; grants nothing where there are problems.</param>
/// <param name="Problems">All that is wrong; anything here refuses every plugin.</param>
internal sealed record PolicyResult(PluginPolicy Policy, IReadOnlyList<Problem> Problems);

/// <summary>Reads <c>pluginhost.json</c>: strictly, and with all that is wrong at once.</summary>
internal static class PolicyReader
{
    /// <summary>The file's usual name.</summary>
    public const string FileName = "pluginhost.json";

    private const int MaxRules = 1000;

    /// <summary>Reads a policy that must be there. Never throws for what is in the file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="pluginsDirectory">The plugins directory; a policy from inside it is refused.</param>
    public static PolicyResult Read(string file, string? pluginsDirectory = null) =>
        Read(new ReadSession(Path.GetFullPath(file)), pluginsDirectory);

    /// <summary>Reads a policy where there is one; no file grants nothing and is no problem.</summary>
    /// <param name="file">The file.</param>
    /// <param name="pluginsDirectory">The plugins directory; a policy from inside it is refused.</param>
    public static PolicyResult ReadIfThere(string file, string? pluginsDirectory = null) =>
        FileFacts.Of(Path.GetFullPath(file)) is null ? new(PluginPolicy.Nothing, []) : Read(file, pluginsDirectory);

    /// <summary>The same within a given reading.</summary>
    internal static PolicyResult Read(ReadSession session, string? pluginsDirectory)
    {
        var refused = new PluginPolicy { Source = session.File };
        if (pluginsDirectory is not null && IsInside(session.File, Path.GetFullPath(pluginsDirectory)))
        {
            session.Report(0, 0, "", $"the policy lies in the plugins directory '{pluginsDirectory}', where plugins could bring their own. Move it out of there.");
            return new(refused, session.Problems);
        }

        if (PlainFile.Read(session.File, StrictJson.MaxBytes, out var problem) is not { } bytes)
        {
            session.Report(0, 0, "", problem!);
            return new(refused, session.Problems);
        }

        if (FolderSafety.Check(session.File) is { } unsafeFile)
        {
            session.Report(0, 0, "", $"whoever can write the policy can grant trust: {unsafeFile}");
        }

        if (StrictJson.Read(bytes, session) is not { } root || FieldSet.Of(root, session, "") is not { } fields)
        {
            return new(refused, session.Problems);
        }

        _ = fields.Text("$schema", "a string", _ => true);
        var policy = refused with
        {
            Rules = ReadRules(fields),
            Development = ReadDevelopment(fields),
            Plugins = ReadPlugins(fields),
        };
        fields.End();
        return new(session.Clean ? policy : refused, session.Problems);
    }

    /// <summary>Whether a path lies in a folder, by their names.</summary>
    internal static bool IsInside(string path, string folder) =>
        path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static List<TrustRule> ReadRules(FieldSet fields)
    {
        var rules = new List<TrustRule>();
        if (fields.List("rules", "an array of rules: [ { \"id\": …, \"trust\": …, \"sha256\": … } ]") is not { } items)
        {
            return rules;
        }

        if (items.Count > MaxRules)
        {
            fields.Session.Report(items[MaxRules], $"there are more than {MaxRules} rules. Use id globs to join some.");
            return rules;
        }

        foreach (var item in items)
        {
            if (FieldSet.Of(item, fields.Session, "rules[]") is { } rule && ReadRule(rule) is { } read)
            {
                rules.Add(read);
            }
        }

        return rules;
    }

    private static TrustRule? ReadRule(FieldSet fields)
    {
        var id = fields.Text("id", PolicyChecks.ExpectedGlob, PolicyChecks.ValidGlob);
        var publisher = fields.Text("publisher", "a publisher's name as a string that is not empty", text => text.Length is > 0 and <= 128);
        var trust = fields.Word("trust", SharedSections.TrustWords, required: true);
        var hash = fields.Text("sha256", PolicyChecks.ExpectedHash, PolicyChecks.ValidHash);
        var key = fields.Text("signedBy", PolicyChecks.ExpectedKey, PolicyChecks.ValidKey);
        var comment = fields.Text("comment", "a string", _ => true);
        if (trust > TrustLevel.Untrusted && fields.Find("sha256") is null && fields.Find("signedBy") is null)
        {
            fields.Session.Report(fields.Value, PolicyChecks.Unpinned(trust.Value));
        }

        fields.End();
        return trust is null ? null : new() { Id = id ?? "*", Publisher = publisher, Trust = trust.Value, Sha256 = hash, SignedBy = key, Comment = comment };
    }

    private static string? ReadDevelopment(FieldSet fields)
    {
        var folder = fields.Text("development", "a folder as a string", text => text.Length is > 0 and <= 4096 && !text.Contains('\0'));
        if (folder is null)
        {
            return null;
        }

        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder, Path.GetDirectoryName(fields.Session.File)!));
        if (FileFacts.Of(full) is null)
        {
            fields.Session.Report(fields.Find("development")!, $"'{full}' is missing or cannot be seen, expected the folder that holds the plugins. Create it or correct the path.");
        }
        else if (FolderSafety.Check(full) is { } problem)
        {
            fields.Session.Report(fields.Find("development")!, $"its plugins get the trust they ask for, so only this user may write there: {problem}");
        }
        else if (!Directory.Exists(full))
        {
            fields.Session.Report(fields.Find("development")!, $"'{full}' is a file, expected the folder that holds the plugins. Correct the path.");
        }

        return full;
    }

    private static Dictionary<string, PluginOverrides> ReadPlugins(FieldSet fields)
    {
        var plugins = new Dictionary<string, PluginOverrides>(StringComparer.OrdinalIgnoreCase);
        if (fields.Section("plugins") is not { } section)
        {
            return plugins;
        }

        foreach (var member in section.Value.Members)
        {
            if (!PluginIds.Valid(member.Name))
            {
                fields.Session.Report(member.Line, member.Column, member.Value.Path, $"found {StrictValue.Quote(member.Name)}, expected a plugin's id: {PluginIds.Expected}.");
            }

            if (FieldSet.Of(member.Value, fields.Session, "plugins.*") is { } choices && !plugins.TryAdd(member.Name, ReadOverrides(choices)))
            {
                fields.Session.Report(member.Line, member.Column, member.Value.Path, $"{StrictValue.Quote(member.Name)} is given twice: ids that differ only in case are the same. Join the two.");
            }
        }

        return plugins;
    }

    private static PluginOverrides ReadOverrides(FieldSet fields)
    {
        var read = new PluginOverrides
        {
            Settings = fields.Json("settings"),
            Workers = (int?)fields.Whole("workers", 1, SharedSections.MaxWorkers),
            Isolation = fields.Word("isolation", SharedSections.IsolationWords),
            Limits = SharedSections.Limits(fields, nullable: false),
            Recycle = SharedSections.Recycle(fields, nullable: false),
            Restart = SharedSections.Restart(fields),
            Tier = fields.Word("tier", TierWords.All),
            MaxTrust = fields.Word("maxTrust", SharedSections.TrustWords),
            Permissions = SharedSections.Permissions(fields),
            Uses = fields.Find("uses") is null ? null : ContractReferences.Read(fields, "uses", required: false),
            Services = ContractReferences.ReadChoices(fields, "services"),
            Spare = fields.Word("spare", SharedSections.SpareWords) ?? SpareMode.Warm,
            Demotion = fields.Boolean("demotion"),
        };
        if (read is { Tier: { } tier, MaxTrust: { } most } && tier < TierWords.ClosestFor(most))
        {
            fields.Session.Report(fields.Find("tier")!, PolicyChecks.TooClose(tier, most));
        }

        fields.End();
        return read;
    }
}
