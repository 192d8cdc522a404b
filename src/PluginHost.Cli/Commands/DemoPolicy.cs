using System.Text.Json;
using System.Text.Json.Nodes;
using PluginHost.Cli.Output;

namespace PluginHost.Cli.Commands;

/// <summary>Writes the second policy of the demo: the first with two plugins kept out of the application's process.</summary>
internal static class DemoPolicy
{
    /// <summary>How long a call of the faulty plugin may take in the demo, so that a time-out can be seen without a long wait.</summary>
    public const string FaultyTimeout = "00:00:05";

    /// <summary>Writes a copy of a policy in which no plugin named has more than standard trust.</summary>
    /// <param name="policyFile">The policy to start from; null starts from an empty one.</param>
    /// <param name="copy">The file to write.</param>
    /// <param name="capped">The plugins' ids.</param>
    /// <exception cref="ToolException">The policy is no JSON object.</exception>
    public static void WriteCapped(string? policyFile, string copy, params ReadOnlySpan<string> capped)
    {
        JsonObject policy = Read(policyFile);

        // A relative folder counts from the policy's own place, which the copy does not share.
        if (policyFile is not null && policy["development"]?.GetValue<string>() is { } folder)
        {
            policy["development"] = Path.GetFullPath(folder, Path.GetDirectoryName(Path.GetFullPath(policyFile))!);
        }

        policy.Remove("$schema");
        foreach (string id in capped)
        {
            Member(Member(policy, "plugins"), id)["maxTrust"] = "standard";
        }

        Member(Member(Member(policy, "plugins"), "samples.faulty"), "limits")["callTimeout"] = FaultyTimeout;
        File.WriteAllText(copy, policy.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    private static JsonObject Read(string? policyFile)
    {
        if (policyFile is null)
        {
            return [];
        }

        try
        {
            return JsonNode.Parse(File.ReadAllText(policyFile))?.AsObject() ?? throw new JsonException("it is null.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw ToolException.Usage($"The policy '{policyFile}' is no JSON object: {e.Message}");
        }
    }

    private static JsonObject Member(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject member)
        {
            member = [];
            parent[name] = member;
        }

        return member;
    }
}
