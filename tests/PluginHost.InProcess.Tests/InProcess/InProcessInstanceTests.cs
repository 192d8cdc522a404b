using System.Runtime.CompilerServices;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.InProcess.Tests.Support;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.InProcess.Tests.InProcess;

public sealed class InProcessInstanceTests
{
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_stopped_plugin_is_gone_from_memory_and_its_guard_goes_elsewhere()
    {
        using Harness harness = new("Fixtures.Plain");
        InProcessInstance instance = await harness.StartAsync();
        await harness.Echo.EchoLaterAsync("x", CancellationToken.None);

        UnloadResult result = await instance.StopAsync(s_drain, CancellationToken.None);

        Assert.Equal((UnloadOutcome.Unloaded, 0), (result.Outcome, result.AbandonedCalls));
        Assert.Null(harness.Guard.Target);
        Assert.Throws<PluginUnavailableException>(() => harness.Echo.Echo("x"));
        Assert.Throws<InvalidOperationException>(() => instance.Target(EchoContract.Instance));
        Assert.Empty(harness.Observer.Faults);
    }

    [Fact]
    public async Task Stopping_twice_is_one_stop()
    {
        using Harness harness = new("Fixtures.Plain");
        InProcessInstance instance = await harness.StartAsync();

        Task<UnloadResult> first = instance.StopAsync(s_drain, CancellationToken.None);

        Assert.Same(first, instance.StopAsync(TimeSpan.Zero, CancellationToken.None));
        await first;
        await instance.DisposeAsync();
    }

    [Fact]
    public async Task Without_force_an_unload_is_pending_until_somebody_proves_it()
    {
        using Harness harness = new("Fixtures.Plain", new InProcessOptions());
        InProcessInstance instance = await harness.StartAsync();

        UnloadResult stopped = await instance.StopAsync(s_drain, CancellationToken.None);
        UnloadResult proved = await instance.ProveUnloadAsync(force: true);

        Assert.Equal(UnloadOutcome.Pending, stopped.Outcome);
        Assert.Equal(UnloadOutcome.Unloaded, proved.Outcome);
    }

    [Fact]
    public async Task A_call_that_honours_the_stopping_token_is_waited_for()
    {
        using Harness harness = new("Fixtures.Plain");
        InProcessInstance instance = await harness.StartAsync();
        Task waiting = harness.Echo.WaitAsync(CancellationToken.None);

        UnloadResult result = await instance.StopAsync(s_drain, CancellationToken.None);

        Assert.Equal((UnloadOutcome.Unloaded, 0), (result.Outcome, result.AbandonedCalls));
        Assert.False(harness.WasCut);
        PluginFaultException ended = await Assert.ThrowsAsync<PluginFaultException>(() => waiting);
        Assert.Equal(FaultKind.UnrequestedCancellation, ended.Kind);
    }

    [Fact]
    public async Task A_call_that_outlives_the_drain_is_cut_and_counted()
    {
        using Harness harness = new("Fixtures.Misbehaving");
        InProcessInstance instance = await harness.StartAsync();
        Task waiting = harness.Echo.WaitAsync(CancellationToken.None);

        UnloadResult result = await instance.StopAsync(TimeSpan.FromMilliseconds(50), CancellationToken.None);

        Assert.Equal((UnloadOutcome.TimedOut, 1), (result.Outcome, result.AbandonedCalls));
        Assert.True(harness.WasCut);
        await Assert.ThrowsAsync<PluginUnavailableException>(() => waiting);

        Assert.Equal(UnloadOutcome.Unloaded, (await instance.ProveUnloadAsync(force: true)).Outcome);
    }

    [Theory]
    [InlineData("dispose-throws", FaultKind.Exception, "Its disposal threw System.InvalidOperationException: thrown in dispose")]
    [InlineData("dispose-hangs", FaultKind.Timeout, "Its disposal did not end within 00:00:00.0500000; it was left behind.")]
    [InlineData("stopping-throws", FaultKind.Exception, "A callback of its stopping token threw System.InvalidOperationException: thrown while stopping")]
    public async Task A_fault_while_stopping_is_recorded_and_stops_nothing(string mode, FaultKind kind, string message)
    {
        using Harness harness = new(
            "Fixtures.Misbehaving",
            new InProcessOptions { DisposeTimeout = TimeSpan.FromMilliseconds(50), ForceUnloadProof = true, ForcedProofEvery = TimeSpan.Zero });
        InProcessInstance instance = await harness.StartAsync(harness.Request($$"""{"mode":"{{mode}}"}"""));

        UnloadResult result = await instance.StopAsync(s_drain, CancellationToken.None);

        FaultRecord fault = Assert.Single(harness.Observer.Faults);
        Assert.Equal((kind, message), (fault.Kind, fault.Message));
        Assert.Equal(UnloadOutcome.Unloaded, result.Outcome);
    }

    [Theory]
    [InlineData("start-token-kept")]
    [InlineData("serializes")]
    [InlineData("describes")]
    [InlineData("dynamic")]
    public async Task What_the_host_and_the_framework_kept_of_a_plugin_is_freed(string mode)
    {
        using Harness harness = new("Fixtures.Misbehaving");
        InProcessInstance instance = await harness.StartAsync(harness.Request($$"""{"mode":"{{mode}}"}"""));

        UnloadResult result = await instance.StopAsync(s_drain, CancellationToken.None);

        Assert.Equal(UnloadOutcome.Unloaded, result.Outcome);
    }

    [Fact]
    public async Task Where_the_operator_wants_no_cache_of_the_framework_emptied_a_serialized_plugin_is_a_leak()
    {
        using Harness harness = new(
            "Fixtures.Misbehaving", new InProcessOptions { ForceUnloadProof = true, ForcedProofEvery = TimeSpan.Zero, ClearFrameworkCaches = false });
        InProcessInstance instance = await harness.StartAsync(harness.Request("""{"mode":"serializes"}"""));

        UnloadResult kept = await instance.StopAsync(s_drain, CancellationToken.None);
        PluginHost.Loading.Unloading.FrameworkCaches.Clear();

        Assert.Equal(UnloadOutcome.Leaked, kept.Outcome);
        Assert.Equal(UnloadOutcome.Unloaded, (await instance.ProveUnloadAsync(force: true)).Outcome);
    }

    [Fact]
    public async Task A_proof_that_is_asked_for_too_soon_after_another_only_looks()
    {
        using Harness harness = new("Fixtures.Plain", new InProcessOptions { ForcedProofEvery = TimeSpan.FromHours(1) });
        InProcessInstance first = await harness.StartAsync();
        await first.StopAsync(s_drain, CancellationToken.None);
        UnloadResult forced = await first.ProveUnloadAsync(force: true);
        InProcessInstance second = await harness.StartAsync();
        await second.StopAsync(s_drain, CancellationToken.None);

        UnloadResult tooSoon = await second.ProveUnloadAsync(force: true);

        Assert.Equal((UnloadOutcome.Unloaded, UnloadOutcome.Pending), (forced.Outcome, tooSoon.Outcome));
    }

    [Fact]
    public async Task After_the_stop_the_plugins_context_is_taken_back()
    {
        using Harness harness = new("Fixtures.Misbehaving");
        InProcessInstance instance = await harness.StartAsync(harness.Request("""{"mode":"keeps-context"}"""));
        IPluginContext context = KeptContext(instance);
        CancellationToken stopping = context.Stopping;
        Microsoft.Extensions.Logging.ILogger logger = context.Logger;

        UnloadResult result = await instance.StopAsync(s_drain, CancellationToken.None);

        Assert.Equal(UnloadOutcome.Unloaded, result.Outcome);
        Assert.True(stopping.IsCancellationRequested);
        Assert.Throws<ObjectDisposedException>(() => context.Settings);
        Assert.False(logger.IsEnabled(Microsoft.Extensions.Logging.LogLevel.Critical));
    }

    [Fact]
    public async Task A_plugin_that_roots_itself_is_reported_as_leaked_and_the_host_goes_on()
    {
        using Harness leaky = new("Fixtures.Leaky");
        InProcessInstance leaking = await leaky.StartAsync();

        UnloadResult result = await leaking.StopAsync(s_drain, CancellationToken.None);

        Assert.Equal(UnloadOutcome.Leaked, result.Outcome);
        using Harness plain = new("Fixtures.Plain");
        await using InProcessInstance next = await plain.StartAsync();
        Assert.Equal(3, plain.Echo.Add(1, 2));
    }

    [Fact]
    public async Task What_holds_a_plugin_that_leaked_is_named_where_somebody_can()
    {
        HolderQuestion? asked = null;
        using Harness harness = new("Fixtures.Leaky", nameHolders: (question, _) =>
        {
            asked = question;
            return Task.FromResult<IReadOnlyList<string>>(["a timer of LeakyEcho"]);
        });
        InProcessInstance instance = await harness.StartAsync();

        UnloadResult result = await instance.StopAsync(s_drain, CancellationToken.None);

        Assert.Equal((UnloadOutcome.Leaked, "a timer of LeakyEcho"), (result.Outcome, Assert.Single(result.Holders)));
        Assert.NotNull(asked);
        Assert.Equal(("Fixtures.Leaky", 1, false), (asked.PluginId, asked.Generation, asked.Unloading.IsGone));
        Assert.True(File.Exists(Path.Combine(asked.Folder, "Fixtures.Leaky.dll")));
    }

    [Fact]
    public async Task That_the_holders_cannot_be_named_is_one_line_and_leaves_the_result()
    {
        using Harness harness = new("Fixtures.Leaky", nameHolders: static (_, _) => throw new IOException("no room for a dump"));
        InProcessInstance instance = await harness.StartAsync();

        UnloadResult result = await instance.StopAsync(s_drain, CancellationToken.None);

        Assert.Equal(UnloadOutcome.Leaked, result.Outcome);
        Assert.Equal("What holds it could not be named: IOException: no room for a dump", Assert.Single(result.Holders));
    }

    [Fact]
    public async Task Nobody_is_asked_for_holders_of_a_plugin_that_is_gone_or_was_not_searched_for()
    {
        using Harness gone = new("Fixtures.Plain", nameHolders: static (_, _) => throw new InvalidOperationException("asked"));
        using Harness unforced = new("Fixtures.Leaky", new InProcessOptions(), static (_, _) => throw new InvalidOperationException("asked"));
        InProcessInstance plain = await gone.StartAsync();
        InProcessInstance leaking = await unforced.StartAsync();

        Assert.Equal((UnloadOutcome.Unloaded, 0), Told(await plain.StopAsync(s_drain, CancellationToken.None)));
        Assert.Equal((UnloadOutcome.Pending, 0), Told(await leaking.StopAsync(s_drain, CancellationToken.None)));

        static (UnloadOutcome Outcome, int Holders) Told(UnloadResult result) => (result.Outcome, result.Holders.Count);
    }

    [Fact]
    public async Task A_plugin_that_may_not_be_unloaded_stays_and_says_why()
    {
        using Harness harness = new("Fixtures.Plain");
        int told = 0;
        InProcessInstance instance = await harness.StartAsync(harness.Request(unloadable: false) with { Pinned = () => told++ });

        UnloadResult result = await instance.StopAsync(s_drain, CancellationToken.None);
        UnloadResult asked = await instance.ProveUnloadAsync(force: true, CancellationToken.None);

        Assert.Equal((1, UnloadOutcome.Pinned, UnloadOutcome.Pinned), (told, result.Outcome, asked.Outcome));
        Assert.Contains("\"unloadable\": false", Assert.Single(result.Holders), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_an_old_generation_leaves_the_guard_of_the_next_alone()
    {
        using Harness harness = new("Fixtures.Plain");
        InProcessInstance old = await harness.StartAsync();
        await using InProcessInstance next = await harness.StartAsync();

        UnloadResult result = await old.StopAsync(s_drain, CancellationToken.None);

        Assert.Equal(UnloadOutcome.Unloaded, result.Outcome);
        Assert.Equal("still here", harness.Echo.Echo("still here"));
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // so that no local of the test's frame holds the plugin
    private static IPluginContext KeptContext(InProcessInstance instance) =>
        (IPluginContext)instance.Target(EchoContract.Instance).GetType().GetProperty("Kept")!.GetValue(null)!;
}
