using PluginHost.Contracts.Faults;
using PluginHost.Loading;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests;

/// <summary>What is told of a plugin's assemblies in each tier, and of its frameworks.</summary>
public sealed class PluginInspectionTests : IDisposable
{
    private const string Markdown = "samples.markdown";
    private const string Faulty = "samples.faulty";
    private const string AsProcess = """{ "development": "plugins", "plugins": { "samples.markdown": { "tier": "process" } } }""";
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_plugins_assemblies_are_the_same_in_both_tiers_loaded_in_one_and_expected_in_the_other()
    {
        Lay(Markdown);
        Dictionary<string, AssemblyState> near = await AssembliesAsync("""{ "development": "plugins" }""");
        Dictionary<string, AssemblyState> far = await AssembliesAsync(AsProcess);

        Assert.Equal(near.Keys.Order(), far.Keys.Order());
        Assert.Equal(AssemblyState.Loaded, near["Samples.Markdown"]);
        Assert.Equal(AssemblyState.Loaded, near["System.Runtime"]);
        Assert.All(far.Values, state => Assert.Equal(AssemblyState.Expected, state));
    }

    [Fact]
    public async Task A_framework_that_the_application_lacks_is_refused_in_process_and_given_to_a_worker()
    {
        Assert.SkipUnless(Installed("Microsoft.AspNetCore.App"), "The machine has no Microsoft.AspNetCore.App.");
        Lay(Markdown);
        _folder.Write(
            $"plugins/{Markdown}/Samples.Markdown.runtimeconfig.json",
            """{ "runtimeOptions": { "frameworks": [ { "name": "Microsoft.NETCore.App", "version": "10.0.0" }, { "name": "Microsoft.AspNetCore.App", "version": "10.0.0" } ] } }""");

        await using (PluginRuntime near = await StartAsync("""{ "development": "plugins" }"""))
        {
            string reasons = string.Join(' ', near.Status.Single().Reasons);
            Assert.Contains("needs the shared framework Microsoft.AspNetCore.App 10.0.0, and this process runs without it", reasons, StringComparison.Ordinal);
            Assert.Contains(near.Inspect(Markdown).AssemblyProblems, p => p.Kind == AssemblyProblemKind.MissingFramework);
        }

        await using PluginRuntime far = await StartAsync(AsProcess);
        Assert.Contains(">hello</h1>", await far.Get<IMarkdown>(Markdown).RenderAsync("# hello", Cancelled), StringComparison.Ordinal);
        Assert.Empty(far.Inspect(Markdown).AssemblyProblems);
    }

    [Fact]
    public async Task A_framework_that_the_machine_lacks_is_refused_in_a_worker_by_name()
    {
        Lay(Markdown);
        _folder.Write(
            $"plugins/{Markdown}/Samples.Markdown.runtimeconfig.json", """{ "runtimeOptions": { "framework": { "name": "Vendor.Desktop.App", "version": "1.0.0" } } }""");
        await using PluginRuntime runtime = await StartAsync(AsProcess);

        Assert.Contains("needs the shared framework Vendor.Desktop.App 1.0.0", string.Join(' ', runtime.Status.Single().Reasons), StringComparison.Ordinal);
        Assert.Contains(runtime.Inspect(Markdown).AssemblyProblems, p => p is { Kind: AssemblyProblemKind.MissingFramework, Assembly: "Vendor.Desktop.App" });
    }

    [Fact]
    public async Task A_stack_from_the_stores_copy_has_lines()
    {
        Lay(Faulty);
        await using PluginRuntime runtime = await StartAsync("""{ "development": "plugins" }""");

        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => runtime.Get<IFaulty>(Faulty).ThrowAsync("here"));

        Assert.Matches(@"FaultyPlugin\.cs:line \d+", fault.Fault.RemoteStack);
    }

    private async Task<Dictionary<string, AssemblyState>> AssembliesAsync(string policy)
    {
        await using PluginRuntime runtime = await StartAsync(policy);
        await runtime.Get<IMarkdown>(Markdown).RenderAsync("# hello", Cancelled);
        return runtime.Inspect(Markdown).Assemblies.ToDictionary(a => a.Name, a => a.State);
    }

    private Task<PluginRuntime> StartAsync(string policy) => PluginRuntime.StartAsync(
        new PluginRuntimeOptions
        {
            Directory = _folder["plugins"],
            StateFolder = _folder["state"],
            PolicyFile = _folder.Write("pluginhost.json", policy),
            ContractAssemblies = [typeof(IMarkdown).Assembly],
        },
        Cancelled);

    private void Lay(string id) => _folder.CopyOf(Path.Combine(SampleHost.Layout, id), Path.Combine("plugins", id));

    private static bool Installed(string framework) =>
        Directory.Exists(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", framework));
}
