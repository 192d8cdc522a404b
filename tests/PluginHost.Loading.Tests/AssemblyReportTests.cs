using PluginHost.FixturePlugins;
using PluginHost.Loading.Tests.Support;

namespace PluginHost.Loading.Tests;

/// <summary>Every assembly of a plugin with where it comes from, read from its files.</summary>
public sealed class AssemblyReportTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void Without_running_anything_each_assembly_is_told_with_version_origin_and_reason()
    {
        AssemblyReport report = Read("Fixtures.UsesLibV1");

        Assert.Empty(report.Problems);
        Assert.Contains(report.Assemblies, a => a is { Name: "Fixtures.UsesLibV1", Version: "1.0.0.0", Origin: AssemblyOrigin.Plugin, State: AssemblyState.Expected, Because: "the manifest's entry" });
        Assert.Contains(report.Assemblies, a => a is { Name: "Fixtures.Library", Version: "1.0.0.0", Origin: AssemblyOrigin.Plugin, Because: "private: listed in the plugin's deps.json" });
        Assert.Contains(report.Assemblies, a => a is { Name: "Fixtures.Contracts", Shared: true, Origin: AssemblyOrigin.Host });
        Assert.Contains(report.Assemblies, a => a is { Name: "System.Runtime", Origin: AssemblyOrigin.Framework } && a.Version == $"{Environment.Version.Major}.0.0.0" && File.Exists(a.From));
        Assert.DoesNotContain(AppDomain.CurrentDomain.GetAssemblies(), a => a.Location.StartsWith(_folder.Path, StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_load_context_gave_is_told_as_loaded_the_frameworks_included()
    {
        FixtureFolder.CopyOf("Fixtures.UsesLibV2", _folder.Path);
        LoadOptions options = Options("Fixtures.UsesLibV2");
        LoadedPlugin plugin = PluginLoader.Load(options);
        plugin.CreateInstance(Some.Context());

        AssemblyReport report = AssemblyReport.Read(options, plugin.Assemblies, inWorker: false);

        Assert.Contains(report.Assemblies, a => a is { Name: "System.Runtime", Origin: AssemblyOrigin.Framework, State: AssemblyState.Loaded });
        Assert.Single(report.Assemblies, a => a is { Name: "Fixtures.UsesLibV2", State: AssemblyState.Loaded });
        Assert.Single(report.Assemblies, a => a is { Name: "Fixtures.Library", Version: "2.0.0.0" });
    }

    [Fact]
    public void A_host_owned_assembly_in_the_folder_is_a_row_that_is_not_used_and_is_pointed_out()
    {
        AssemblyReport report = Read("Fixtures.Broken.OwnContract");

        Assert.Contains(report.Assemblies, a => a is { Name: "Fixtures.Contracts", State: AssemblyState.NotUsed, Origin: AssemblyOrigin.Plugin });
        Assert.Contains(report.Assemblies, a => a is { Name: "Fixtures.Contracts", State: AssemblyState.Expected, Origin: AssemblyOrigin.Host });
        AssemblyProblem problem = Assert.Single(report.Problems, p => p.Assembly == "Fixtures.Contracts");
        Assert.Equal(AssemblyProblemKind.ShippedHostAssembly, problem.Kind);
        Assert.Contains("is not loaded from there: the host gives its own, 1.0.0.0", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_name_in_two_versions_is_a_duplicate_naming_both()
    {
        FixtureFolder.CopyOf("Fixtures.UsesLibV1", _folder.Path);
        Directory.CreateDirectory(Path.Combine(_folder.Path, "old"));
        File.Copy(Path.Combine(FixtureFolder.Of("Fixtures.UsesLibV2"), "Fixtures.Library.dll"), Path.Combine(_folder.Path, "old", "Fixtures.Library.dll"));

        AssemblyReport report = AssemblyReport.Read(Options("Fixtures.UsesLibV1"), [], inWorker: false);

        AssemblyProblem problem = Assert.Single(report.Problems);
        Assert.Equal(AssemblyProblemKind.Duplicate, problem.Kind);
        Assert.Contains("1.0.0.0 from ", problem.Message, StringComparison.Ordinal);
        Assert.Contains("2.0.0.0 from ", problem.Message, StringComparison.Ordinal);
        Assert.Contains($"1.0.0.0 from {Path.Combine(_folder.Path, "Fixtures.Library.dll")} is used", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_private_copy_of_what_the_application_has_too_is_a_duplicate_where_they_share_a_process()
    {
        // xunit.v3.core is the application's here.
        FixtureFolder.CopyOf("Fixtures.Plain", _folder.Path);
        File.Copy(typeof(FactAttribute).Assembly.Location, Path.Combine(_folder.Path, Path.GetFileName(typeof(FactAttribute).Assembly.Location)));
        string name = typeof(FactAttribute).Assembly.GetName().Name!;

        AssemblyReport shared = AssemblyReport.Read(Options("Fixtures.Plain"), [], inWorker: false);
        AssemblyReport worker = AssemblyReport.Read(Options("Fixtures.Plain"), [], inWorker: true);

        Assert.Contains(shared.Problems, p => p.Kind == AssemblyProblemKind.Duplicate && p.Assembly == name && p.Message.Contains("the application's", StringComparison.Ordinal));
        Assert.DoesNotContain(worker.Problems, p => p.Assembly == name);
    }

    [Fact]
    public void A_missing_assembly_is_a_row_and_a_problem_that_says_who_needs_it()
    {
        AssemblyReport report = Read("Fixtures.Broken.MissingDependency");

        Assert.Contains(report.Assemblies, a => a is { Name: "Fixtures.Library", State: AssemblyState.Missing, From: "" });
        Assert.Contains(report.Problems, p => p.Kind == AssemblyProblemKind.Missing && p.Message.Contains("Fixtures.Broken.MissingDependency.dll needs Fixtures.Library.dll", StringComparison.Ordinal));
    }

    [Fact]
    public void A_library_older_than_the_one_that_was_built_against_is_pointed_out()
    {
        FixtureFolder.CopyOf("Fixtures.UsesLibV2", _folder.Path);
        File.Copy(Path.Combine(FixtureFolder.Of("Fixtures.UsesLibV1"), "Fixtures.Library.dll"), Path.Combine(_folder.Path, "Fixtures.Library.dll"), overwrite: true);

        AssemblyReport report = AssemblyReport.Read(Options("Fixtures.UsesLibV2"), [], inWorker: false);

        AssemblyProblem problem = Assert.Single(report.Problems, p => p.Kind == AssemblyProblemKind.Older);
        Assert.Contains("was built against Fixtures.Library 2.0.0.0, and gets 1.0", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_framework_that_a_worker_lacks_is_pointed_out()
    {
        FixtureFolder.CopyOf("Fixtures.Plain", _folder.Path);
        File.WriteAllText(
            Path.Combine(_folder.Path, "Fixtures.Plain.runtimeconfig.json"),
            """{"runtimeOptions":{"frameworks":[{"name":"Microsoft.NETCore.App","version":"10.0.0"},{"name":"Vendor.Desktop.App","version":"1.0.0"}]}}""");

        AssemblyReport report = AssemblyReport.Read(Options("Fixtures.Plain"), [], inWorker: true);

        AssemblyProblem problem = Assert.Single(report.Problems);
        Assert.Equal((AssemblyProblemKind.MissingFramework, "Vendor.Desktop.App"), (problem.Kind, problem.Assembly));
    }

    [Fact]
    public void Satellites_and_native_libraries_are_told_for_what_they_are()
    {
        FixtureFolder.CopyOf("Fixtures.Satellite", _folder.Path);
        File.WriteAllText(Path.Combine(_folder.Path, "codec.dll"), "not managed");

        AssemblyReport report = AssemblyReport.Read(Options("Fixtures.Satellite"), [], inWorker: false);

        Assert.Contains(report.Assemblies, a => a.Name == "Fixtures.Satellite.resources" && a.Because == "private: the texts of de, loaded when that culture is asked for");
        Assert.Contains(report.Assemblies, a => a is { Name: "codec", State: AssemblyState.NotUsed } && a.Because.StartsWith("a native library", StringComparison.Ordinal));
        Assert.Empty(report.Problems);
    }

    [Fact]
    public void A_damaged_assembly_is_read_or_told_and_never_throws()
    {
        FixtureFolder.CopyOf("Fixtures.UsesLibV1", _folder.Path);
        string file = Path.Combine(_folder.Path, "Fixtures.UsesLibV1.dll");
        byte[] whole = File.ReadAllBytes(file);
        for (int seed = 0; seed < 100; seed++)
        {
            Random random = new(seed);
            byte[] damaged = [.. whole];
            for (int i = random.Next(1, 24); i > 0; i--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(file, damaged);
            LoadOptions options = Options("Fixtures.UsesLibV1") with { Contracts = [typeof(Fixtures.Contracts.ILibraryUser)] };

            Assert.NotNull(AssemblyReport.Read(options, [], inWorker: false));
            Assert.NotNull(PluginLoader.FindProblems(options));
        }
    }

    [Fact]
    public void All_that_keeps_a_plugin_from_loading_is_found_at_once()
    {
        FixtureFolder.CopyOf("Fixtures.Broken.MissingDependency", _folder.Path);
        File.WriteAllText(
            Path.Combine(_folder.Path, "Fixtures.Broken.MissingDependency.runtimeconfig.json"),
            """{"runtimeOptions":{"frameworks":[{"name":"Microsoft.NETCore.App","version":"99.0.0"},{"name":"Vendor.Desktop.App","version":"1.0.0"}]}}""");

        IReadOnlyList<PluginLoadException> problems = PluginLoader.FindProblems(
            Options("Fixtures.Broken.MissingDependency") with { Contracts = [typeof(Fixtures.Contracts.IGreeter), typeof(Fixtures.Contracts.IEcho)] });

        string all = string.Join('\n', problems.Select(p => p.What));
        Assert.Contains("needs Microsoft.NETCore.App 99.0.0", all, StringComparison.Ordinal);
        Assert.Contains("needs the shared framework Vendor.Desktop.App 1.0.0", all, StringComparison.Ordinal);
        Assert.Contains("needs Fixtures.Library.dll", all, StringComparison.Ordinal);
        Assert.Contains("names the contract Fixtures.Contracts.IGreeter", all, StringComparison.Ordinal);
        Assert.Contains("names the contract Fixtures.Contracts.IEcho", all, StringComparison.Ordinal);
        Assert.Equal(5, problems.Count);
    }

    public void Dispose() => _folder.Dispose();

    private AssemblyReport Read(string fixture)
    {
        FixtureFolder.CopyOf(fixture, _folder.Path);
        return AssemblyReport.Read(Options(fixture), [], inWorker: false);
    }

    private LoadOptions Options(string fixture) => Some.Options(fixture) with { Folder = _folder.Path };
}
