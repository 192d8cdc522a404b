using Fixtures.Services.Contract;
using PluginHost.Runtime.Tests.Support;

namespace PluginHost.Runtime.Tests;

/// <summary>What an application may provide.</summary>
public sealed class ServiceOptionsTests
{
    [Fact]
    public void A_class_is_no_contract()
    {
        ArgumentException wrong = Assert.Throws<ArgumentException>(() => Options().Provide(new Journal()));

        Assert.Contains("is no interface", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_contract_is_provided_once_and_the_depth_has_its_bounds()
    {
        PluginRuntimeOptions options = Options().Provide<IJournal>(new Journal()).Provide<IJournal>(new Journal()) with { MaxServiceDepth = 0 };

        Assert.Equal(
            ["MaxServiceDepth is 0; expected 1 to 64.", "Services: Fixtures.Services.Contract.IJournal is provided 2 times; provide it once."],
            options.Validate());
    }

    [Fact]
    public async Task An_interface_without_generated_code_is_refused_at_the_start()
    {
        ArgumentException wrong = await Assert.ThrowsAsync<ArgumentException>(
            () => RelayHost.StartAsync(o => o.Provide<IDisposable>(new MemoryStream()), plugins: new Relay("relay.a", "full", RelayHost.Journal)));

        Assert.Contains("System.IDisposable is no contract", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_factory_that_throws_leaves_the_plugin_without_the_service_and_says_why()
    {
        await using RelayHost host = await RelayHost.StartAsync(
            o => o.Provide<IJournal>(_ => throw new InvalidOperationException("no paper")), plugins: new Relay("relay.a", "full", RelayHost.Journal));

        string told = host["relay.a"].Ask("journal");

        Assert.StartsWith("PluginUnavailableException Unavailable", told, StringComparison.Ordinal);
        Assert.Contains("the application failed to provide it (InvalidOperationException: no paper)", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_factory_is_told_the_plugin_and_called_at_each_of_its_starts()
    {
        List<string> made = [];
        await using RelayHost host = await RelayHost.StartAsync(
            o => o.Provide<IJournal>(caller =>
            {
                made.Add($"{caller} {caller.Trust}");
                return new Journal();
            }),
            plugins: new Relay("relay.a", "full", RelayHost.Journal));

        await host.Runtime.RestartAsync("relay.a");

        Assert.Equal(["relay.a Full", "relay.a Full"], made);
    }

    private static PluginRuntimeOptions Options() => new() { Directory = "plugins" };
}
