using System.Text.Json;
using PluginHost.Runtime.Catalog;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Trust;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.Model;

/// <summary>The JSON schemas in docs against the readers.</summary>
public class SchemaTests
{
    private const string Sections = """
        "limits": {}, "recycle": {}, "restart": {}, "permissions": {}
        """;

    [Fact]
    public void The_manifest_schema_and_the_reader_know_the_same_members()
    {
        using var temp = new TempFolder();
        var session = new ReadSession(temp.Write("plugin.json", $$"""{ {{Sections}} }"""));

        ManifestReader.Read(temp.Path, session);

        Assert.Equal(Members("plugin.schema.json"), session.Known);
    }

    [Fact]
    public void The_policy_schema_and_the_reader_know_the_same_members()
    {
        using var temp = new TempFolder();
        var session = new ReadSession(temp.Write("pluginhost.json", $$"""{ "rules": [ {} ], "plugins": { "a": { {{Sections}} } } }"""));

        PolicyReader.Read(session, null);

        Assert.Equal(Members("pluginhost.schema.json"), session.Known);
    }

    private static SortedSet<string> Members(string schema)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Schemas", schema)));
        Collect(document.RootElement, "", found);
        return found;
    }

    private static void Collect(JsonElement schema, string path, SortedSet<string> found)
    {
        if (schema.TryGetProperty("properties", out var properties))
        {
            foreach (var member in properties.EnumerateObject())
            {
                var inside = path.Length == 0 ? member.Name : $"{path}.{member.Name}";
                found.Add(inside);
                Collect(member.Value, inside, found);
            }
        }

        if (schema.TryGetProperty("items", out var items))
        {
            Collect(items, path + "[]", found);
        }

        if (schema.TryGetProperty("additionalProperties", out var rest) && rest.ValueKind == JsonValueKind.Object)
        {
            Collect(rest, path + ".*", found);
        }
    }
}
