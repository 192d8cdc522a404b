namespace PluginHost.Loading.Tests;

/// <summary>A framework that a plugin asks for against the one that there is.</summary>
public sealed class FrameworkFitTests
{
    [Theory]
    [InlineData("10.0.0", null, "10.0.7")]
    [InlineData("8.0.0", null, "10.0.0")]
    [InlineData("8.0.0", "LatestMinor", "10.0.0")]
    [InlineData("8.0.0", "Minor", "10.0.0")]
    [InlineData("10.0", "LatestPatch", "10.0.7")]
    [InlineData("10.0", "Disable", "10.0.0")]
    public void It_fits(string wanted, string? roll, string mine) =>
        Assert.Null(FrameworkFit.Problem("Some.App", Version.Parse(wanted), roll, Version.Parse(mine)));

    [Theory]
    [InlineData("11.0.0", null, "10.0.7", "it needs Some.App 11.0.0, and this process runs on 10.0.7.")]
    [InlineData("10.1.0", "LatestMajor", "10.0.7", "it needs Some.App 10.1.0, and this process runs on 10.0.7.")]
    [InlineData("10.0.8", null, "10.0.7", "it needs Some.App 10.0.8, and this process runs on 10.0.7.")]
    [InlineData("9.0.0", "LatestPatch", "10.0.0", "it asks for Some.App 9.0.0 with \"rollForward\": \"LatestPatch\", and this process runs on 10.0.0.")]
    [InlineData("10.0.0", "Disable", "10.0.1", "it asks for Some.App 10.0.0 with \"rollForward\": \"Disable\", and this process runs on 10.0.1.")]
    [InlineData("1.0.0", null, null, "it needs the shared framework Some.App 1.0.0, and this process runs without it.")]
    public void It_does_not_fit_and_both_values_are_told(string wanted, string? roll, string? mine, string problem) =>
        Assert.Equal(problem, FrameworkFit.Problem("Some.App", Version.Parse(wanted), roll, mine is null ? null : Version.Parse(mine)));

    [Fact]
    public void A_way_of_rolling_forward_that_there_is_not_is_refused_with_those_there_are()
    {
        Assert.Equal("LatestMinor", FrameworkFit.KnownRoll("latestminor"));
        Assert.Contains("\"rollForward\" is 'Sideways'; expected Disable, LatestPatch, Minor", Assert.Throws<FormatException>(() => FrameworkFit.KnownRoll("Sideways")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Frameworks_are_told_apart_from_the_applications_own_files()
    {
        HostFrameworks host = new("/d/shared/Base.App/10.0.1/System.One.dll:/d/shared/Web.App/10.0.2/Web.One.dll:/app/Own.dll", new Version(10, 0, 1));

        Assert.Equal(("Base.App 10.0.1", "Web.App 10.0.2", null), (host.FrameworkOf("System.One"), host.FrameworkOf("Web.One"), host.FrameworkOf("Own")));
        Assert.Equal("/app/Own.dll", host.OfApplication("Own"));
        Assert.True(host.IsHosts("/app/Own.dll") && !host.IsFrameworks("/app/Own.dll") && host.IsFrameworks("/d/shared/Web.App/10.0.2/Web.One.dll"));
    }

    [Fact]
    public void A_worker_has_the_base_framework_alone()
    {
        HostFrameworks worker = new HostFrameworks("/d/shared/Microsoft.NETCore.App/10.0.1/System.One.dll:/d/shared/Web.App/10.0.2/Web.One.dll:/app/Own.dll", new Version(10, 0, 1)).OfWorker();

        Assert.True(worker.Contains("System.One"));
        Assert.False(worker.Contains("Web.One") || worker.Contains("Own") || worker.Versions.ContainsKey("Web.App"));
    }
}
