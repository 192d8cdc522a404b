using System.Text.RegularExpressions;
using PluginHost.Architecture.Tests.Support;

namespace PluginHost.Architecture.Tests;

/// <summary>What no file of the project holds.</summary>
public sealed class FileTests
{
    // Assembled from parts, so that this file does not hold what it looks for.
    private static readonly string[] s_registries =
    [
        "nuget" + ".org", "nuget" + ".pkg.", "pkgs.dev." + "azure", "npmjs" + ".org", "npmjs" + ".com", "yarnpkg" + ".com",
        "pypi" + ".org", "pythonhosted" + ".org", "crates" + ".io", "rubygems" + ".org", "maven" + ".org", "proxy.golang" + ".org",
    ];

    private static readonly Regex s_unfinished = new(string.Join('|', @"\bTO" + "DO", "FIX" + "ME", "NotImplemented" + "Exception", @"Thread\.Sl" + @"eep\("));

    private static readonly string[] s_binary = [".dll", ".exe", ".so", ".pdb", ".png", ".gz", ".zip", ".nupkg", ".bin"];

    [Fact]
    public void No_file_names_a_package_registry()
    {
        Check.None(Holding(Text(Repository.Root), line => s_registries.Any(host => line.Contains(host, StringComparison.OrdinalIgnoreCase))));
    }

    [Fact]
    public void No_source_is_unfinished_or_sleeps()
    {
        IEnumerable<string> sources = ((string[])["src", "plugins", "tests"]).SelectMany(folder => Repository.Files(Repository.At(folder), "*.cs"))
            .Where(path => !Repository.IsFixture(path));

        Check.None(Holding(sources, s_unfinished.IsMatch));
    }

    [Fact]
    public void The_root_build_properties_stay_under_30_lines()
    {
        Assert.InRange(File.ReadAllLines(Repository.At("Directory.Build.props")).Length, 1, 29);
    }

    // One that is only referenced is built in the default configuration, wherever the solution is built from: a fresh checkout then lacks what tests look for.
    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = File.ReadAllText(Repository.At("PluginHost.sln")).Replace('\\', '/');
        string release = Repository.At("tests", "FirstRelease");

        Check.None(Repository.Files(Repository.Root, "*.csproj")
            .Where(path => !path.StartsWith(release + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            .Select(Repository.Short)
            .Where(path => !solution.Contains($"\"{path.Replace(Path.DirectorySeparatorChar, '/')}\"", StringComparison.Ordinal)));
    }

    private static IEnumerable<string> Text(string folder) => Repository.Files(folder).Where(path => !s_binary.Contains(Path.GetExtension(path)));

    private static List<string> Holding(IEnumerable<string> paths, Predicate<string> matches)
    {
        List<string> found = [];
        foreach (string path in paths)
        {
            int number = 0;
            foreach (string line in File.ReadLines(path))
            {
                number++;
                if (matches(line))
                {
                    found.Add($"{Repository.Short(path)}:{number}: {line.Trim()}");
                }
            }
        }

        return found;
    }
}
