using System.Diagnostics;
using Fixtures.Services.Contract;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Trust;

namespace PluginHost.Runtime.Tests.OnEveryTier;

/// <summary>What a plugin gets of the host, whatever the tier and the codec. One subclass each.</summary>
public abstract class ServiceTests : IAsyncLifetime
{
    private protected const string A = "relay.a";
    private protected const string B = "relay.b";
    protected abstract PluginTier Tier { get; }

    protected virtual RpcCodec Codec => RpcCodec.MessagePack;

    private protected Journal Kept { get; } = new();

    private protected RelayHost Host { get; private set; } = null!;

    private protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Full trust everywhere; out of process by the operator's choice.</summary>
    private protected PluginOverrides InTier => new() { Tier = Tier };

    public async ValueTask InitializeAsync()
    {
        Host = await StartAsync(new Relay(A, "full", RelayHost.Journal, RelayHost.Next) { Overrides = InTier }, new Relay(B, "full", RelayHost.Journal, RelayHost.Next) { Overrides = InTier });
        Kept.Diver = left => Host[A].Dive(left);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_plugin_calls_the_application_which_sees_who_calls()
    {
        Assert.Equal(Tier, Host.Runtime.Status.Single(s => s.Id == A).Tier);
        Assert.Equal("ok", Host[A].Ask("journal"));
        Assert.Equal("hello by relay.a (Full)", Host[A].Write("hello"));
        Assert.Equal("later by relay.b (Full)", await Host[B].WriteLaterAsync("later", Cancelled));
    }

    [Fact]
    public void Services_are_there_while_the_plugin_starts() => Assert.Equal("start by relay.a (Full)", Host[A].Ask("start"));

    [Fact]
    public void The_applications_own_calls_have_no_caller()
    {
        Assert.Equal("nobody", Host[A].Caller());
        Host[A].Write("x");

        Assert.Null(PluginCaller.Current);
        Assert.Equal("nobody", Host[A].Caller());
    }

    [Fact]
    public async Task A_chain_through_another_plugin_is_seen_whole_by_everybody_in_it()
    {
        Assert.Equal("relay.a (Full) & hi by relay.a -> relay.b (Full)", Host[A].Pass("hi"));
        Assert.Equal("hi by relay.b -> relay.a (Full)", await Host[B].PassLaterAsync("hi", Cancelled));
        Assert.Null(PluginCaller.Current);
    }

    [Fact]
    public async Task The_trust_of_a_chain_is_the_lowest_in_it()
    {
        await using RelayHost host = await StartAsync(
            new Relay(A, "standard", RelayHost.Next) { Overrides = new() { Uses = [new("Fixtures.Services.Contract.IRelay", 1)] } },
            new Relay(B, "full", RelayHost.Journal) { Overrides = InTier });

        Assert.Equal("relay.a (Standard) & hi by relay.a -> relay.b (Standard)", host[A].Pass("hi"));
        Assert.Equal("hi by relay.a -> relay.b (Standard)", await host[A].PassLaterAsync("hi", Cancelled));
        Assert.Equal("hi by relay.b (Full)", host[B].Write("hi"));
    }

    [Fact]
    public void What_the_manifest_does_not_ask_for_is_refused()
    {
        string told = Host[A].Ask("secrets");

        Assert.StartsWith("PluginRefusedException Refused Plugin 'relay.a' cannot use Fixtures.Services.Contract.ISecrets: its manifest does not ask for it.", told, StringComparison.Ordinal);
        Assert.Contains("\"uses\"", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_policy_does_not_grant_is_refused()
    {
        await using RelayHost host = await StartAsync(
            new Relay(A, "full", RelayHost.Journal, RelayHost.Secrets) { Overrides = InTier with { Uses = [new("Fixtures.Services.Contract.IJournal", 1)] } },
            new Relay(B, "standard", RelayHost.Journal));

        string chosen = host[A].Ask("secrets");
        string untrusted = host[B].Ask("journal");

        Assert.Equal("ok", host[A].Ask("journal"));
        Assert.StartsWith("PluginRefusedException Refused Plugin 'relay.a' may not use Fixtures.Services.Contract.ISecrets@1: the policy does not grant it", chosen, StringComparison.Ordinal);
        Assert.StartsWith("PluginRefusedException Refused Plugin 'relay.b' may not use Fixtures.Services.Contract.IJournal@1: the policy does not grant it (its trust is standard", untrusted, StringComparison.Ordinal);
        Assert.Contains("\"plugins\": { \"relay.b\": { \"uses\": [\"Fixtures.Services.Contract.IJournal@1\"] } }", untrusted, StringComparison.Ordinal);
        Assert.Contains(host.Runtime.Inspect(B).Placement.Reasons, r => r.Contains("may not call Fixtures.Services.Contract.IJournal@1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_nobody_provides_is_unavailable()
    {
        await using RelayHost host = await StartAsync(new Relay(A, "full", RelayHost.Secrets, RelayHost.Next) { Overrides = InTier });

        string secrets = host[A].Ask("secrets");
        string relay = host[A].Ask("relay");

        Assert.StartsWith("PluginUnavailableException Unavailable Plugin 'relay.a' cannot use Fixtures.Services.Contract.ISecrets@1: nobody provides it", secrets, StringComparison.Ordinal);
        Assert.Contains("Provide<Fixtures.Services.Contract.ISecrets>", secrets, StringComparison.Ordinal);
        Assert.Contains("nobody provides it", relay, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_providers_want_a_choice_of_the_operator()
    {
        PluginOverrides chosen = InTier with { Services = new Dictionary<string, string> { ["Fixtures.Services.Contract.IRelay"] = "relay.c" } };
        await using RelayHost host = await StartAsync(
            new Relay(A, "full", RelayHost.Next) { Overrides = InTier },
            new Relay(B, "full", RelayHost.Next) { Overrides = chosen },
            new Relay("relay.c", "full", RelayHost.Journal) { Overrides = InTier });

        string several = host[A].Ask("relay");

        Assert.Contains("several plugins offer it: relay.b, relay.c", several, StringComparison.Ordinal);
        Assert.Equal("relay.b (Full) & x by relay.b -> relay.c (Full)", host[B].Pass("x"));
    }

    [Fact]
    public async Task A_declared_error_of_a_service_arrives_as_itself()
    {
        Assert.Equal("full at 7: no page left", await Host[A].FailAsync("declared", Cancelled));
        Assert.Empty(Host.Runtime.Faults);
    }

    [Theory]
    [InlineData("undeclared")]
    [InlineData("later")]
    public async Task A_fault_of_a_service_arrives_as_a_text_without_stack(string how)
    {
        string told = await Host[A].FailAsync(how, Cancelled);

        Assert.StartsWith("PluginFaultException Exception Journal.Fail, called by plugin 'relay.a', failed in the application: System.InvalidOperationException: the pen broke", told, StringComparison.Ordinal);
        Assert.EndsWith("no stack", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_takes_too_long_ends_as_a_time_out_and_is_told_to_stop()
    {
        string told = await Host[A].FailAsync("hang", Cancelled);

        Assert.StartsWith("PluginTimeoutException Timeout Journal.Hang", told, StringComparison.Ordinal);
        await UntilAsync(() => Kept.Cancelled == 1);
    }

    [Fact]
    public async Task A_cancellation_goes_through_to_the_service()
    {
        using CancellationTokenSource source = new();
        Task waiting = Host[A].WaitAsync(source.Token);
        await UntilAsync(() => Kept.Waiting == 1);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await UntilAsync(() => Kept.Cancelled == 1);
        Assert.Empty(Host.Runtime.Faults);
    }

    [Fact]
    public async Task Synchronous_callbacks_while_the_host_waits_do_not_deadlock()
    {
        // Application, plugin, application, plugin …: each waits on its thread for the next.
        int depth = await Task.Run(() => Host[A].Dive(4), Cancelled).WaitAsync(TimeSpan.FromSeconds(30), Cancelled);

        Assert.Equal(4, depth);
    }

    [Fact]
    public async Task A_plugin_that_takes_one_call_at_once_takes_the_callback_of_its_own_call()
    {
        await using RelayHost host = await StartAsync(
            new Relay(A, "full", RelayHost.Journal) { Overrides = InTier with { Limits = new() { Concurrency = 1, Queue = 0 } } });
        Kept.Diver = left => host[A].Dive(left);

        int depth = await Task.Run(() => host[A].Dive(3), Cancelled).WaitAsync(TimeSpan.FromSeconds(30), Cancelled);

        Assert.Equal(3, depth);
    }

    [Fact]
    public void A_recursion_through_the_application_ends_at_the_limit_with_a_typed_error()
    {
        Assert.Equal(8, Host[A].Dive(8));

        PluginFaultException fault = Assert.Throws<PluginFaultException>(() => Host[A].Dive(100));

        Assert.Contains("the limit is 8", fault.Message, StringComparison.Ordinal);
        Assert.Contains("relay.a -> relay.a", fault.Message, StringComparison.Ordinal);
        Assert.Equal("z by relay.a (Full)", Host[A].Write("z"));
    }

    [Fact]
    public void A_cycle_of_plugins_ends_at_the_limit_with_a_typed_error()
    {
        Assert.Equal(8, Host[A].Ping(8));

        PluginFaultException fault = Assert.Throws<PluginFaultException>(() => Host[A].Ping(9));

        Assert.Contains("relay.a -> relay.b -> relay.a", fault.Message, StringComparison.Ordinal);
        Assert.Contains("the limit is 8", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restarted_plugin_has_its_services_again()
    {
        await Host.Runtime.RestartAsync(A);

        Assert.Equal("again by relay.a (Full)", Host[A].Write("again"));
    }

    [Fact]
    public async Task Calls_at_once_each_get_their_own_answer_and_their_own_caller()
    {
        string[] answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i =>
            i % 2 == 0 ? Host[A].WriteLaterAsync($"{i}", Cancelled) : Host[A].PassLaterAsync($"{i}", Cancelled)));

        Assert.Equal(Enumerable.Range(0, 64).Select(i => i % 2 == 0 ? $"{i} by relay.a (Full)" : $"{i} by relay.a -> relay.b (Full)"), answers);
    }

    [Fact]
    public async Task A_sample_reads_the_notes_that_another_sample_keeps()
    {
        await using SampleHost samples = await SampleHost.StartAsync(Tier, Codec, ids: ["samples.markdown", "samples.notes"]);
        await samples.Runtime.Get<Samples.Contracts.INotes>("samples.notes").PutAsync("greeting", "*hello*", Cancelled);

        string html = await samples.Runtime.Get<Samples.Contracts.IMarkdown>("samples.markdown").RenderAsync("{{note:greeting}}", Cancelled);

        // Out of process the sample's trust is standard here, and standard trust gets no service by itself.
        Assert.Contains(Tier == PluginTier.InProcess ? "<p><em>hello</em></p>" : "does not grant it", html, StringComparison.Ordinal);
    }

    private Task<RelayHost> StartAsync(params Relay[] plugins) => RelayHost.StartAsync(o => o.Provide<IJournal>(Kept), Codec, null, plugins);

    private protected static async Task UntilAsync(Func<bool> condition)
    {
        long began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "It has not come true for 30 s.");
            Cancelled.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}

public sealed class InProcessServiceTests : ServiceTests
{
    protected override PluginTier Tier => PluginTier.InProcess;

    // Out of process what a plugin kept ends with its process.
    [Fact]
    public async Task A_service_kept_after_the_stop_is_dead()
    {
        string file = Host.DataFile(A, "told");
        Host[A].CallAfterStop("told");
        await Host.Runtime.StopAsync(A);

        await UntilAsync(() => File.Exists(file));

        Assert.StartsWith("PluginUnavailableException Unavailable", await File.ReadAllTextAsync(file, Cancelled), StringComparison.Ordinal);
    }
}

/// <summary>What only frames can do: in-process a plugin holds nothing but the doors it was given.</summary>
public abstract class ProcessServiceTests : ServiceTests
{
    protected override PluginTier Tier => PluginTier.Process;

    [Fact]
    public async Task A_contract_that_is_not_granted_cannot_be_called_by_frames_made_by_hand()
    {
        await using RelayHost host = await RelayHost.StartAsync(
            o => o.Provide<IJournal>(Kept).Provide<ISecrets>(new Secrets()),
            Codec,
            null,
            new Relay(A, "full", RelayHost.Journal, RelayHost.Secrets) { Overrides = InTier with { Uses = [new("Fixtures.Services.Contract.IJournal", 1)] } },
            new Relay(B, "full", RelayHost.Secrets) { Overrides = InTier });

        string refused = host[A].Force();
        string granted = host[B].Force();

        Assert.StartsWith("ContractMismatchException ContractMismatch", refused, StringComparison.Ordinal);
        Assert.Contains("No method has the name 'Secrets.Tell'", refused, StringComparison.Ordinal);
        Assert.Equal("the secret", granted);
    }

    private sealed class Secrets : ISecrets
    {
        public string Tell() => "the secret";
    }
}

public sealed class ProcessMessagePackServiceTests : ProcessServiceTests;

public sealed class ProcessJsonServiceTests : ProcessServiceTests
{
    protected override RpcCodec Codec => RpcCodec.Json;
}
