using System.Reflection;

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
    public void A_plugins_folder_holds_the_plugin_and_its_private_dependencies_and_nothing_of_the_host(string id, string name, string? dependency)
    {
        string[] expected =
            [.. new[] { $"{name}.deps.json", $"{name}.dll", $"{name}.pdb", $"{name}.runtimeconfig.json", "plugin.json", dependency }.OfType<string>()];

        IEnumerable<string> laid = Directory.EnumerateFiles(Path.Combine(s_layout, id), "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Path.Combine(s_layout, id), path));

        Assert.Equal(expected.Order(StringComparer.Ordinal), laid.Order(StringComparer.Ordinal));
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
