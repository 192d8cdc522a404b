using PluginHost.FixturePlugins;
using PluginHost.Loading.Tests.Support;

namespace PluginHost.Loading.Tests;

/// <summary>The frameworks that a worker must be given for its plugin.</summary>
public sealed class PluginFrameworksTests : IDisposable
{
    private static readonly Version s_mine = new(10, 0, 5);
    private readonly TempFolder _folder = new();

    [Fact]
    public void What_every_worker_has_is_not_among_them() =>
        Assert.Empty(PluginFrameworks.Beyond(Config(null, ("Microsoft.NETCore.App", "9.0.0")), s_mine, _ => [s_mine]));

    [Fact]
    public void A_newer_base_and_another_framework_are_where_they_are_installed()
    {
        IReadOnlyList<SharedFramework> beyond = PluginFrameworks.Beyond(
            Config(null, ("Microsoft.NETCore.App", "11.0.0"), ("Web.App", "11.0.0"), ("Desktop.App", "1.0.0")),
            s_mine,
            name => name == "Desktop.App" ? [] : [new Version(10, 0, 5), new Version(11, 0, 2)]);

        Assert.Equal([new SharedFramework("Microsoft.NETCore.App", new Version(11, 0, 0)), new SharedFramework("Web.App", new Version(11, 0, 0))], beyond);
    }

    [Fact]
    public void One_that_must_not_roll_forward_is_not_given_in_a_newer_version() =>
        Assert.Empty(PluginFrameworks.Beyond(Config("LatestPatch", ("Web.App", "9.0.0")), s_mine, _ => [new Version(10, 0, 5)]));

    [Fact]
    public void A_configuration_that_cannot_be_read_asks_for_nothing()
    {
        FixtureFolder.CopyOf("Fixtures.Plain", _folder.Path);
        File.WriteAllText(Path.Combine(_folder.Path, "Fixtures.Plain.runtimeconfig.json"), "{");

        Assert.Empty(PluginFrameworks.Beyond(_folder.Path, "Fixtures.Plain.dll"));
        Assert.Empty(PluginFrameworks.Beyond(_folder.Path, "Fixtures.Other.dll"));
    }

    public void Dispose() => _folder.Dispose();

    private static RuntimeConfig Config(string? rollForward, params (string Name, string Version)[] frameworks) =>
        new([.. frameworks.Select(f => (f.Name, Version.Parse(f.Version)))], IsSelfContained: false, rollForward);
}
