using System.Text.Json;

namespace PluginHost.Loading;

/// <summary>
/// Checks a <c>*.deps.json</c> before the runtime reads it: its reader is native, trusts the file, and ends the whole process over a member
/// that is missing or of another kind.
/// </summary>
internal static class DepsFile
{
    private static readonly JsonDocumentOptions s_json = new() { CommentHandling = JsonCommentHandling.Skip, MaxDepth = 32 };
    private static readonly string[] s_versions = ["assemblyVersion", "fileVersion", "localPath"];

    /// <exception cref="FormatException">Something is not as the runtime expects it; says what and where.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static void Check(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), s_json);
        JsonElement root = Expect(document.RootElement, JsonValueKind.Object, "the file");
        JsonElement target = Member(root, "runtimeTarget", "");
        string name = target.ValueKind == JsonValueKind.String ? Text(target, "runtimeTarget") : Text(Member(target, "name", "runtimeTarget"), "runtimeTarget.name");
        foreach (JsonProperty package in Members(Member(Member(root, "targets", ""), name, "targets"), $"targets.{name}"))
        {
            CheckPackage(package.Value, $"targets.{name}.{package.Name}");
        }

        foreach (JsonProperty library in Members(Member(root, "libraries", ""), "libraries"))
        {
            CheckLibrary(library.Value, $"libraries.{library.Name}");
        }

        foreach (JsonProperty runtime in OptionalMembers(root, "runtimes", ""))
        {
            foreach (JsonElement fallback in Expect(runtime.Value, JsonValueKind.Array, $"runtimes.{runtime.Name}").EnumerateArray())
            {
                Text(fallback, $"runtimes.{runtime.Name}");
            }
        }
    }

    private static void CheckPackage(JsonElement package, string place)
    {
        foreach (string kind in (string[])["runtime", "native", "resources"])
        {
            foreach (JsonProperty file in OptionalMembers(package, kind, place))
            {
                CheckFile(file.Value, $"{place}.{kind}.{file.Name}");
            }
        }

        foreach (JsonProperty file in OptionalMembers(package, "runtimeTargets", place))
        {
            string at = $"{place}.runtimeTargets.{file.Name}";
            Text(Member(file.Value, "rid", at), $"{at}.rid");
            Text(Member(file.Value, "assetType", at), $"{at}.assetType");
            CheckFile(file.Value, at);
        }
    }

    private static void CheckFile(JsonElement file, string place)
    {
        Expect(file, JsonValueKind.Object, place);
        foreach (string member in s_versions)
        {
            OptionalText(file, member, place);
        }
    }

    private static void CheckLibrary(JsonElement library, string place)
    {
        Text(Member(library, "type", place), $"{place}.type");
        Text(Member(library, "sha512", place), $"{place}.sha512");
        if (Member(library, "serviceable", place).ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw new FormatException($"{place}.serviceable is not true or false.");
        }

        foreach (string member in (string[])["path", "hashPath", "runtimeStoreManifestName"])
        {
            OptionalText(library, member, place);
        }
    }

    private static JsonElement Member(JsonElement parent, string name, string place) =>
        Expect(parent, JsonValueKind.Object, place.Length == 0 ? "the file" : place).TryGetProperty(name, out JsonElement member)
            ? member
            : throw new FormatException($"{(place.Length == 0 ? name : $"{place}.{name}")} is missing.");

    private static JsonElement.ObjectEnumerator Members(JsonElement parent, string place) => Expect(parent, JsonValueKind.Object, place).EnumerateObject();

    private static JsonElement.ObjectEnumerator OptionalMembers(JsonElement parent, string name, string place) =>
        Expect(parent, JsonValueKind.Object, place).TryGetProperty(name, out JsonElement member) ? Members(member, $"{place}.{name}") : default;

    private static void OptionalText(JsonElement parent, string name, string place)
    {
        if (parent.TryGetProperty(name, out JsonElement member))
        {
            Text(member, $"{place}.{name}");
        }
    }

    private static string Text(JsonElement value, string place) => Expect(value, JsonValueKind.String, place).GetString()!;

    private static JsonElement Expect(JsonElement value, JsonValueKind kind, string place) =>
        value.ValueKind == kind ? value : throw new FormatException($"{place} is of kind {value.ValueKind}; expected {kind}.");
}
