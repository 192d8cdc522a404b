using System.Text.Json;

namespace PluginHost.Loading;

/// <summary>What a <c>*.runtimeconfig.json</c> asks for.</summary>
/// <param name="Frameworks">The shared frameworks with their lowest versions.</param>
/// <param name="IsSelfContained">True where the frameworks are among its own files.</param>
/// <param name="RollForward">How far it lets its frameworks be newer; null where it says nothing.</param>
internal sealed record RuntimeConfig(IReadOnlyList<(string Name, Version Version)> Frameworks, bool IsSelfContained, string? RollForward = null)
{
    private static readonly JsonDocumentOptions s_json = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 64 };

    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">A member is of another kind than expected.</exception>
    /// <exception cref="FormatException">A version is none.</exception>
    public static RuntimeConfig Read(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), s_json);
        if (!document.RootElement.TryGetProperty("runtimeOptions", out JsonElement options))
        {
            return new RuntimeConfig([], IsSelfContained: false);
        }

        List<(string, Version)> frameworks = [];
        if (options.TryGetProperty("framework", out JsonElement one))
        {
            frameworks.Add(ReadFramework(one));
        }

        if (options.TryGetProperty("frameworks", out JsonElement several))
        {
            frameworks.AddRange(several.EnumerateArray().Select(ReadFramework));
        }

        return new RuntimeConfig(
            frameworks,
            options.TryGetProperty("includedFrameworks", out _),
            options.TryGetProperty("rollForward", out JsonElement roll) ? FrameworkFit.KnownRoll(roll.GetString()) : null);
    }

    private static (string Name, Version Version) ReadFramework(JsonElement framework)
    {
        string name = Text(framework, "name");
        string version = Text(framework, "version");
        return (name, HostFrameworks.ParseVersion(version) ?? throw new FormatException($"the version '{version}' of {name} is none; expected one like 10.0.0."));
    }

    private static string Text(JsonElement framework, string member) =>
        framework.TryGetProperty(member, out JsonElement value) && value.GetString() is { Length: > 0 } text
            ? text
            : throw new FormatException($"a framework has no \"{member}\".");
}
