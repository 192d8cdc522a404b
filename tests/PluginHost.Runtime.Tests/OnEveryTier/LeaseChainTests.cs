using Fixtures.Services.Contract;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Trust;

namespace PluginHost.Runtime.Tests.OnEveryTier;

/// <summary>Whom a service sees that is called in a step of a sequence or by an object that was handed out, whatever the tier and the codec.</summary>
public abstract class LeaseChainTests
{
    private const string A = "relay.a";
    private const string B = "relay.b";

    protected abstract PluginTier Tier { get; }

    protected virtual RpcCodec Codec => RpcCodec.MessagePack;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_step_of_a_sequence_belongs_to_whoever_asks_for_it_also_where_it_is_run_ahead()
    {
        await using RelayHost host = await StartAsync();

        string passed = await host[A].PassEachAsync(100, Cancelled);
        List<string> own = [];
        await foreach (string text in host[B].WriteEach(3, Cancelled))
        {
            own.Add(text);
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i} by relay.a -> relay.b (Standard)"), passed.Split('\n'));
        Assert.Equal(["0 by relay.b (Full)", "1 by relay.b (Full)", "2 by relay.b (Full)"], own);
        Assert.Null(PluginCaller.Current);
    }

    [Fact]
    public async Task An_object_that_was_handed_out_acts_for_whoever_calls_it()
    {
        await using RelayHost host = await StartAsync();

        Assert.Equal("x by relay.a -> relay.b (Standard)", host[A].PassPen("x"));
        Assert.Equal("y by relay.a -> relay.b (Standard)", await host[A].PassPenLaterAsync("y", Cancelled));
        Assert.Equal("z by relay.b (Full)", host[B].TakePen().Write("z"));
        Assert.Null(PluginCaller.Current);
    }

    /// <summary>One of standard trust, in a process of its own therefore, calls one of full trust in the tier.</summary>
    private Task<RelayHost> StartAsync() => RelayHost.StartAsync(
        o => o.Provide<IJournal>(new Journal()) with { DrainTimeout = TimeSpan.FromMilliseconds(200) },
        Codec,
        null,
        new Relay(A, "standard", RelayHost.Next) { Overrides = new() { Uses = [new("Fixtures.Services.Contract.IRelay", 1)] } },
        new Relay(B, "full", RelayHost.Journal) { Overrides = new() { Tier = Tier } });
}

public sealed class InProcessLeaseChainTests : LeaseChainTests
{
    protected override PluginTier Tier => PluginTier.InProcess;
}

public sealed class ProcessMessagePackLeaseChainTests : LeaseChainTests
{
    protected override PluginTier Tier => PluginTier.Process;
}

public sealed class ProcessJsonLeaseChainTests : LeaseChainTests
{
    protected override PluginTier Tier => PluginTier.Process;

    protected override RpcCodec Codec => RpcCodec.Json;
}
