using Fixtures.Features.Contract;
using PluginHost.Contracts.Faults;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Tests.OnEveryTier;

/// <content>How steps of sequences and calls of objects count.</content>
public abstract partial class ContractFeatureTests
{
    [Fact]
    public async Task A_step_is_part_of_the_call_that_gave_the_sequence_its_failures_are_recorded_and_no_other_calls()
    {
        using CancellationTokenSource source = new();
        await Assert.ThrowsAsync<PluginFaultException>(() => AllAsync(Features.Watch(3, "out of paper", Cancelled)));
        await Assert.ThrowsAsync<OutOfNumbersException>(() => AllAsync(Features.Watch(2, "declared", Cancelled)));
        await Assert.ThrowsAsync<PluginTimeoutException>(() => AllAsync(Features.Stall(2, Cancelled)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReadAsync(Features.Endless(source.Token), [], source.CancelAsync));

        Assert.Equal((2L, 2L), Counted("Features.Watch"));

        // A step that was given up is still inside until it has heard of it, and its call does not count as ended for so long.
        await UntilAsync(() => Counted("Features.Stall") == (1L, 1L) && Counted("Features.Endless") == (1L, 1L));
        Assert.Equal(["Features.Watch", "Features.Stall"], _host.Runtime.Faults.OrderBy(f => f.At).Select(f => f.Method));
    }

    [Fact]
    public async Task A_call_of_an_object_is_a_call_its_failures_are_counted_and_recorded()
    {
        ISession session = await Features.OpenSessionAsync("ann", Cancelled);

        PluginFaultException fault = Assert.Throws<PluginFaultException>(() => session.Fail("no ink"));

        Assert.Equal((FaultKind.Exception, "System.InvalidOperationException"), (fault.Kind, fault.RemoteType));
        Assert.Equal((1L, 0L), Counted("Session.Fail"));
        Assert.Equal("Session.Fail", Assert.Single(_host.Runtime.Faults).Method);
    }

    /// <summary>How many calls of a method ended, and how many of them with a result.</summary>
    private (long Calls, long Ok) Counted(string method)
    {
        MethodStats stats = _host.Runtime.Stats.Plugins.Single(p => p.Id == Id).Methods.Single(m => m.Method == method);
        return (stats.Calls, stats.Ok);
    }
}
