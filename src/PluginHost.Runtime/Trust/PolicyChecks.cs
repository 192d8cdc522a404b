using System.Buffers.Text;
using System.Text.Json;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Trust;

/// <summary>What a policy may say. The reader uses the same checks member by member; this also goes over policies built in code.</summary>
internal static class PolicyChecks
{
    /// <summary>What an id glob is, for a message.</summary>
    public const string ExpectedGlob = "a plugin id, with * for any characters and ? for one, such as \"my.*\"";

    /// <summary>What a hash is, for a message.</summary>
    public const string ExpectedHash = "a plugin's content hash: 64 hexadecimal digits, as 'inspect' shows it";

    /// <summary>What a key is, for a message.</summary>
    public const string ExpectedKey = "a publisher's public key in base64";

    /// <summary>What is wrong with a rule that grants more than untrusted and pins nothing.</summary>
    public static string Unpinned(TrustLevel trust) =>
        $"the rule grants {SharedSections.Word(trust)} to whatever claims the id or publisher, expected \"sha256\" (the plugin's content hash) or \"signedBy\" (a publisher's key) beside it. Add one of them, or use \"development\" for plugins that you build yourself.";

    /// <summary>What is wrong with a tier that is closer than the most trust allowed.</summary>
    public static string TooClose(PluginTier tier, TrustLevel most) =>
        $"the tier {TierWords.Word(tier)} is closer than \"maxTrust\": {SharedSections.Word(most)} allows, expected {TierWords.Word(TierWords.ClosestFor(most))} or farther. Change one of them.";

    /// <summary>Whether a text is an id glob.</summary>
    public static bool ValidGlob(string text) =>
        text.Length is > 0 and <= 128 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '*' or '?') && !text.Contains("**", StringComparison.Ordinal);

    /// <summary>Whether a text is a SHA-256.</summary>
    public static bool ValidHash(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigit);

    /// <summary>Whether a text has the form of a public key: base64 of 32 to 1024 bytes.</summary>
    public static bool ValidKey(string text) => !text.Any(char.IsWhiteSpace) && Base64.IsValid(text, out var length) && length is >= 32 and <= 1024;

    /// <summary>All that is wrong with a policy.</summary>
    public static IReadOnlyList<string> Problems(PluginPolicy policy)
    {
        var problems = new List<string>();
        for (var i = 0; i < policy.Rules.Count; i++)
        {
            CheckRule(policy.Rules[i], $"Rules[{i}]", problems);
        }

        if (policy.Development is { } folder)
        {
            var problem = Path.IsPathFullyQualified(folder) ? FolderSafety.Check(folder) : $"'{folder}' is relative, expected a full path. Use Path.GetFullPath.";
            if (problem is not null)
            {
                problems.Add($"Development: {problem}");
            }
        }

        foreach (var (id, overrides) in policy.Plugins)
        {
            Check(PluginIds.Valid(id), $"Plugins: found {StrictValue.Quote(id)}, expected {PluginIds.Expected}.", problems);
            CheckOverrides(overrides, $"Plugins[{StrictValue.Quote(id)}]", problems);
        }

        return problems;
    }

    private static void CheckRule(TrustRule rule, string at, List<string> problems)
    {
        Check(ValidGlob(rule.Id), $"{at}.Id: found {StrictValue.Quote(rule.Id)}, expected {ExpectedGlob}.", problems);
        Check(rule.Sha256 is null || ValidHash(rule.Sha256), $"{at}.Sha256: found {StrictValue.Quote(rule.Sha256 ?? "")}, expected {ExpectedHash}.", problems);
        Check(rule.SignedBy is null || ValidKey(rule.SignedBy), $"{at}.SignedBy: found {StrictValue.Quote(rule.SignedBy ?? "")}, expected {ExpectedKey}.", problems);
        Check(Enum.IsDefined(rule.Trust), $"{at}.Trust: found {rule.Trust}, expected a defined trust level.", problems);
        Check(
            rule is { Trust: TrustLevel.Untrusted } or { Sha256: not null } or { SignedBy: not null } || !Enum.IsDefined(rule.Trust),
            $"{at}: {(Enum.IsDefined(rule.Trust) ? Unpinned(rule.Trust) : "")}", problems);
    }

    private static void CheckOverrides(PluginOverrides set, string at, List<string> problems)
    {
        Range(set.Workers, 1, SharedSections.MaxWorkers, $"{at}.Workers", problems);
        Range(set.Limits.Memory, SharedSections.LeastMemory, SharedSections.MostMemory, $"{at}.Limits.Memory", problems);
        Check(set.Limits.Cpu is null or (> 0 and <= SharedSections.MostCpu), $"{at}.Limits.Cpu: found {set.Limits.Cpu}, expected a number above 0 and up to {SharedSections.MostCpu}.", problems);
        Range(set.Limits.Threads, 1, SharedSections.MostThreads, $"{at}.Limits.Threads", problems);
        Range(set.Limits.CallTimeout, SharedSections.LeastTimeout, SharedSections.Day, $"{at}.Limits.CallTimeout", problems);
        Range(set.Limits.IdleTimeout, SharedSections.LeastTimeout, SharedSections.Longest, $"{at}.Limits.IdleTimeout", problems);
        Range(set.Limits.Concurrency, 1, SharedSections.MostConcurrency, $"{at}.Limits.Concurrency", problems);
        Range(set.Limits.Queue, 0, SharedSections.MostQueue, $"{at}.Limits.Queue", problems);
        Range(set.Limits.Message, SharedSections.LeastMessage, SharedSections.MostMessage, $"{at}.Limits.Message", problems);
        Range(set.Recycle.Calls, 1L, long.MaxValue, $"{at}.Recycle.Calls", problems);
        Range(set.Recycle.Age, SharedSections.Second, SharedSections.Longest, $"{at}.Recycle.Age", problems);
        Range(set.Recycle.Memory, SharedSections.LeastMemory, SharedSections.MostMemory, $"{at}.Recycle.Memory", problems);
        Range(set.Recycle.MemoryHard, SharedSections.LeastMemory, SharedSections.MostMemory, $"{at}.Recycle.MemoryHard", problems);
        if (set.Recycle.Memory >= set.Recycle.MemoryHard)
        {
            problems.Add($"{at}.Recycle.MemoryHard is {set.Recycle.MemoryHard}, and Recycle.Memory is {set.Recycle.Memory}; expected more than that.");
        }
        Check(set.Restart.Type is not { } type || Enum.IsDefined(type), $"{at}.Restart.Type: found {(int?)set.Restart.Type}, expected {string.Join(" or ", Enum.GetNames<RestartType>())}.", problems);
        Range(set.Restart.Limit, 0, SharedSections.MostRestarts, $"{at}.Restart.Limit", problems);
        Range(set.Restart.Window, SharedSections.Second, SharedSections.Day, $"{at}.Restart.Window", problems);
        Check(set.Settings is null or { ValueKind: JsonValueKind.Object }, $"{at}.Settings: found a JSON {set.Settings?.ValueKind}, expected an object.", problems);
        foreach (var reference in set.Uses ?? [])
        {
            Check(ContractReferences.ValidName(reference.Name) && reference.Major > 0, $"{at}.Uses: found {StrictValue.Quote(reference.ToString())}, expected a contract with its major version such as \"My.Contracts.IGreeter@1\".", problems);
        }

        foreach (var (contract, provider) in set.Services)
        {
            Check(ContractReferences.ValidName(contract), $"{at}.Services: found {StrictValue.Quote(contract)}, expected a contract's name without a version, such as \"My.Contracts.IGreeter\".", problems);
            Check(PluginIds.Valid(provider), $"{at}.Services[{StrictValue.Quote(contract)}]: found {StrictValue.Quote(provider)}, expected {PluginIds.Expected}.", problems);
        }

        if (set is { Tier: { } tier, MaxTrust: { } most } && tier < TierWords.ClosestFor(most))
        {
            problems.Add($"{at}.Tier: {TooClose(tier, most)}");
        }
    }

    private static void Range<T>(T? value, T least, T most, string at, List<string> problems)
        where T : struct, IComparable<T> =>
        Check(value is not { } found || (found.CompareTo(least) >= 0 && found.CompareTo(most) <= 0), $"{at}: found {value}, expected {least} to {most}.", problems);

    private static void Check(bool right, string problem, List<string> problems)
    {
        if (!right)
        {
            problems.Add(problem);
        }
    }
}
