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
    private const string A = "relay.a";
    private const string B = "relay.b";
    private readonly Journal _journal = new();
    private RelayHost _host = null!;

    protected abstract PluginTier Tier { get; }

    protected virtual RpcCodec Codec => RpcCodec.MessagePack;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Full trust everywhere; out of process by the operator's choice.</summary>
    private PluginOverrides InTier => new() { Tier = Tier };

    public async ValueTask InitializeAsync()
    {
        _host = await StartAsync(new Relay(A, "full", RelayHost.Journal, RelayHost.Next) { Overrides = InTier }, new Relay(B, "full", RelayHost.Journal, RelayHost.Next) { Overrides = InTier });
        _journal.Diver = left => _host[A].Dive(left);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_plugin_calls_the_application_which_sees_who_calls()
    {
        Assert.Equal(Tier, _host.Runtime.Status.Single(s => s.Id == A).Tier);
        Assert.Equal("ok", _host[A].Ask("journal"));
        Assert.Equal("hello by relay.a (Full)", _host[A].Write("hello"));
        Assert.Equal("later by relay.b (Full)", await _host[B].WriteLaterAsync("later", Cancelled));
    }

    [Fact]
    public void Services_are_there_while_the_plugin_starts() => Assert.Equal("start by relay.a (Full)", _host[A].Ask("start"));

    [Fact]
    public void The_applications_own_calls_have_no_caller()
    {
        Assert.Equal("nobody", _host[A].Caller());
        _host[A].Write("x");

        Assert.Null(PluginCaller.Current);
        Assert.Equal("nobody", _host[A].Caller());
    }

    [Fact]
    public async Task A_chain_through_another_plugin_is_seen_whole_by_everybody_in_it()
    {
        Assert.Equal("relay.a (Full) & hi by relay.a -> relay.b (Full)", _host[A].Pass("hi"));
        Assert.Equal("hi by relay.b -> relay.a (Full)", await _host[B].PassLaterAsync("hi", Cancelled));
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
        string told = _host[A].Ask("secrets");

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
        Assert.Equal("full at 7: no page left", await _host[A].FailAsync("declared", Cancelled));
        Assert.Empty(_host.Runtime.Faults);
    }

    [Theory]
    [InlineData("undeclared")]
    [InlineData("later")]
    public async Task A_fault_of_a_service_arrives_as_a_text_without_stack(string how)
    {
        string told = await _host[A].FailAsync(how, Cancelled);

        Assert.StartsWith("PluginFaultException Exception Journal.Fail, called by plugin 'relay.a', failed in the application: System.InvalidOperationException: the pen broke", told, StringComparison.Ordinal);
        Assert.EndsWith("no stack", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_takes_too_long_ends_as_a_time_out_and_is_told_to_stop()
    {
        string told = await _host[A].FailAsync("hang", Cancelled);

        Assert.StartsWith("PluginTimeoutException Timeout Journal.Hang", told, StringComparison.Ordinal);
        await UntilAsync(() => _journal.Cancelled == 1);
    }

    [Fact]
    public async Task A_cancellation_goes_through_to_the_service()
    {
        using CancellationTokenSource source = new();
        Task waiting = _host[A].WaitAsync(source.Token);
        await UntilAsync(() => _journal.Waiting == 1);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await UntilAsync(() => _journal.Cancelled == 1);
        Assert.Empty(_host.Runtime.Faults);
    }

    [Fact]
    public async Task Synchronous_callbacks_while_the_host_waits_do_not_deadlock()
    {
        // Application, plugin, application, plugin …: each waits on its thread for the next.
        int depth = await Task.Run(() => _host[A].Dive(4), Cancelled).WaitAsync(TimeSpan.FromSeconds(30), Cancelled);

        Assert.Equal(4, depth);
    }

    [Fact]
    public async Task A_plugin_that_takes_one_call_at_once_takes_the_callback_of_its_own_call()
    {
        await using RelayHost host = await StartAsync(
            new Relay(A, "full", RelayHost.Journal) { Overrides = InTier with { Limits = new() { Concurrency = 1, Queue = 0 } } });
        _journal.Diver = left => host[A].Dive(left);

        int depth = await Task.Run(() => host[A].Dive(3), Cancelled).WaitAsync(TimeSpan.FromSeconds(30), Cancelled);

        Assert.Equal(3, depth);
    }

    [Fact]
    public void A_recursion_through_the_application_ends_at_the_limit_with_a_typed_error()
    {
        Assert.Equal(8, _host[A].Dive(8));

        PluginFaultException fault = Assert.Throws<PluginFaultException>(() => _host[A].Dive(100));

        Assert.Contains("the limit is 8", fault.Message, StringComparison.Ordinal);
        Assert.Contains("relay.a -> relay.a", fault.Message, StringComparison.Ordinal);
        Assert.Equal("z by relay.a (Full)", _host[A].Write("z"));
    }

    [Fact]
    public void A_cycle_of_plugins_ends_at_the_limit_with_a_typed_error()
    {
        Assert.Equal(8, _host[A].Ping(8));

        PluginFaultException fault = Assert.Throws<PluginFaultException>(() => _host[A].Ping(9));

        Assert.Contains("relay.a -> relay.b -> relay.a", fault.Message, StringComparison.Ordinal);
        Assert.Contains("the limit is 8", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restarted_plugin_has_its_services_again()
    {
        await _host.Runtime.RestartAsync(A);

        Assert.Equal("again by relay.a (Full)", _host[A].Write("again"));
    }

    [Fact]
    public async Task Calls_at_once_each_get_their_own_answer_and_their_own_caller()
    {
        string[] answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i =>
            i % 2 == 0 ? _host[A].WriteLaterAsync($"{i}", Cancelled) : _host[A].PassLaterAsync($"{i}", Cancelled)));

        Assert.Equal(Enumerable.Range(0, 64).Select(i => i % 2 == 0 ? $"{i} by relay.a (Full)" : $"{i} by relay.a -> relay.b (Full)"), answers);
    }

    private Task<RelayHost> StartAsync(params Relay[] plugins) => RelayHost.StartAsync(o => o.Provide<IJournal>(_journal), Codec, null, plugins);

    private static async Task UntilAsync(Func<bool> condition)
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
}

public sealed class ProcessMessagePackServiceTests : ServiceTests
{
    protected override PluginTier Tier => PluginTier.Process;
}

public sealed class ProcessJsonServiceTests : ServiceTests
{
    protected override PluginTier Tier => PluginTier.Process;

    protected override RpcCodec Codec => RpcCodec.Json;
}
