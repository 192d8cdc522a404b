using System.Reflection;
using System.Text.Json.Nodes;

namespace Samples.Tests;

/// <summary>What the build lays out for a host to find.</summary>
public sealed class LayoutTests
{
    private static readonly string s_layout = typeof(LayoutTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "PluginsLayout").Value!;

    [Theory]
    [InlineData("samples.markdown", "Samples.Markdown", "Markdig.dll")]
    [InlineData("samples.calculator", "Samples.Calculator", null)]
    [InlineData("samples.notes", "Samples.Notes", null)]
    [InlineData("samples.faulty", "Samples.Faulty", null)]
    [InlineData("samples.wordcount-dotnet", "Samples.WordCount", null)]
    public void A_plugins_folder_holds_the_plugin_and_its_private_dependencies_and_nothing_of_the_host(string id, string name, string? dependency)
    {
        string[] expected =
            [.. new[] { $"{name}.deps.json", $"{name}.dll", $"{name}.pdb", $"{name}.runtimeconfig.json", "plugin.json", dependency }.OfType<string>()];

        IEnumerable<string> laid = Directory.EnumerateFiles(Path.Combine(s_layout, id), "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Path.Combine(s_layout, id), path));

        Assert.Equal(expected.Order(StringComparer.Ordinal), laid.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_python_sample_is_one_file_and_its_manifest() =>
        Assert.Equal(["main.py", "plugin.json"], Directory.GetFiles(Path.Combine(s_layout, "samples.wordcount-python")).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    [Fact]
    public void The_node_sample_has_its_packages_as_the_lock_file_fixes_them_and_no_registry_is_named()
    {
        string folder = Path.Combine(s_layout, "samples.wordcount");
        JsonNode locked = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "package-lock.json")))!;

        Assert.All(locked["packages"]!.AsObject(), package => Assert.Null(package.Value!["resolved"]));
        foreach ((string path, JsonNode? package) in locked["packages"]!.AsObject().Where(package => package.Key.Length > 0))
        {
            string installed = Path.Combine(folder, path, "package.json");
            Assert.True(File.Exists(installed), $"'{installed}' is missing: see artifacts/obj/samples-wordcount-node/npm-ci.log.");
            Assert.Equal((string?)package!["version"], (string?)JsonNode.Parse(File.ReadAllText(installed))!["version"]);
        }
    }

    [Fact]
    public void The_samples_policy_lies_beside_the_plugins_and_trusts_their_folder()
    {
        string policy = Path.Combine(s_layout, "..", "samples-policy", "pluginhost.json");

        Assert.Contains("\"development\": \"../plugins\"", File.ReadAllText(policy), StringComparison.Ordinal);
    }

    [Fact]
    public void No_laid_out_file_or_folder_can_be_written_by_everyone()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        foreach (string folder in Directory.EnumerateDirectories(s_layout, "samples.*"))
        {
            foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Append(folder))
            {
                Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(path) & UnixFileMode.OtherWrite);
            }
        }
    }
}
