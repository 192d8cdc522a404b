using Fixtures.Features.Contract;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Tests.Support;

namespace PluginHost.Runtime.Tests.OnEveryTier;

/// <content>What is used after somebody has ended it: the user's own mistake, or the other side's doing.</content>
public abstract partial class ContractFeatureTests
{
    [Fact]
    public async Task What_the_application_let_go_of_itself_is_disposed_for_it_also_once_the_plugin_is_gone()
    {
        await using SampleHost host = await StartAsync(TimeSpan.FromMilliseconds(200));
        IFeatures features = host.Runtime.Get<IFeatures>(Id);
        ISession released = await features.OpenSessionAsync("ann", Cancelled);
        ISession late = await features.OpenSessionAsync("bob", Cancelled);
        await released.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => released.Next());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => AllAsync(released.Words(2, Cancelled)));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => features.IsMineAsync(released, Cancelled));
        await host.Runtime.StopAsync(Id);
        await Assert.ThrowsAsync<PluginUnavailableException>(() => late.GreetAsync("eve", Cancelled));
        await late.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => late.GreetAsync("eve", Cancelled));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => released.GreetAsync("eve", Cancelled));
        Assert.Empty(host.Runtime.Faults);
    }

    [Fact]
    public async Task What_the_plugin_ended_says_so_with_the_plugins_name_and_that_another_helps()
    {
        await using SampleHost host = await StartAsync(TimeSpan.FromMilliseconds(200));
        IFeatures features = host.Runtime.Get<IFeatures>(Id);
        ISession session = await features.OpenSessionAsync("ann", Cancelled);
        Stream? bytes = await features.OpenBytesAsync(3_000_000, Cancelled);

        await host.Runtime.RestartAsync(Id);

        PluginUnavailableException later = await Assert.ThrowsAsync<PluginUnavailableException>(() => session.GreetAsync("bob", Cancelled));
        PluginUnavailableException now = Assert.Throws<PluginUnavailableException>(() => session.Next());
        PluginUnavailableException step = await Assert.ThrowsAsync<PluginUnavailableException>(() => AllAsync(session.Words(2, Cancelled)));
        PluginUnavailableException read = await Assert.ThrowsAsync<PluginUnavailableException>(() => bytes!.CopyToAsync(Stream.Null, Cancelled));
        Assert.All([later, now, step, read], e => Assert.Equal((Id, FaultKind.Unavailable, true), (e.PluginId, e.Kind, e.IsRetryable)));
        Assert.Equal(["Session.Greet", "Session.Next", "Session.Words"], new[] { later, now, step }.Select(e => e.Fault.Method));
        Assert.Empty(host.Runtime.Faults);
    }

    [Fact]
    public async Task A_sequence_argument_that_a_plugin_reads_after_its_call_has_ended_for_it()
    {
        await Features.KeepNumbersAsync(new Generator().Numbers(1000), Cancelled);

        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => Features.SumKeptAsync(Cancelled));

        Assert.Equal((FaultKind.Exception, typeof(PluginUnavailableException).FullName), (fault.Kind, fault.RemoteType));
    }

    [Fact]
    public async Task A_sequence_argument_that_the_application_reads_after_the_plugins_call_has_ended_for_it()
    {
        Listener listener = new();
        await Features.SingAsync(listener, 1000, Cancelled);

        PluginUnavailableException ended = await Assert.ThrowsAsync<PluginUnavailableException>(() => AllAsync(listener.Heard!));

        Assert.Equal((Id, FaultKind.Unavailable), (ended.PluginId, ended.Kind));
        Assert.Empty(_host.Runtime.Faults);
    }
}
