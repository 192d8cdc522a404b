using System.Runtime.Loader;
using PluginHost.Contracts.Faults;
using PluginHost.InProcess.Tests.Support;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Tiers;

namespace PluginHost.InProcess.Tests.InProcess;

public sealed class InProcessTierTests
{
    [Fact]
    public async Task Calls_go_through_the_guard_into_the_plugin()
    {
        using Harness harness = new("Fixtures.Plain");
        await using InProcessInstance instance = await harness.StartAsync(harness.Request("""{"greeting":"hi "}"""));

        Assert.Equal("hi you", harness.Echo.Echo("you"));
        Assert.Equal(42, harness.Echo.Add(40, 2));
        Assert.Equal("hi later", await harness.Echo.EchoLaterAsync("later", CancellationToken.None));
        Assert.Null(instance.WorkerPid);
        Assert.False(instance.Died.IsCompleted);
        Assert.Contains(instance.Assemblies, a => a is { Name: "Fixtures.Contracts", Shared: true });
    }

    [Fact]
    public async Task What_a_plugin_throws_reaches_the_caller_as_text_only()
    {
        using Harness harness = new("Fixtures.Plain");
        await using InProcessInstance instance = await harness.StartAsync();

        PluginFaultException fault = Assert.Throws<PluginFaultException>(() => harness.Echo.Throw("bang"));

        Assert.Equal("Fixtures.Plain.PlainException", fault.RemoteType);
        Assert.Null(fault.InnerException);
    }

    [Fact]
    public async Task A_plugins_log_events_arrive_as_plain_data()
    {
        using Harness harness = new("Fixtures.Plain");
        await using InProcessInstance instance = await harness.StartAsync();

        (_, string message, object? state, _) = Assert.Single(harness.Logger.Events);

        Assert.Equal("Fixtures.Plain has started on Monday", message);
        Dictionary<string, object?> properties = new(Assert.IsAssignableFrom<IEnumerable<KeyValuePair<string, object?>>>(state));
        Assert.Equal("{Plugin} has started on {Day}", properties["{OriginalFormat}"]);
        Assert.Equal("Monday", properties["Day"]);
        Assert.Equal("Fixtures.Plain", properties["PluginId"]);
        Assert.Equal("InProcess", properties["Tier"]);
        Assert.Equal(1, properties["Generation"]);
        Assert.False(state!.GetType().IsCollectible);
    }

    [Theory]
    [InlineData("constructor-throws", "the constructor of Fixtures.Misbehaving.MisbehavingEcho threw Fixtures.Misbehaving.SpitefulException", "Fixtures.Misbehaving.SpitefulException")]
    [InlineData("start-throws", "its start threw System.InvalidOperationException: thrown in start", "System.InvalidOperationException")]
    [InlineData("start-cancels", "its start threw System.OperationCanceledException: nobody asked", "System.OperationCanceledException")]
    public async Task A_failing_start_is_a_start_failure_with_plain_data_and_leaves_nothing_behind(string mode, string what, string type)
    {
        using Harness harness = new("Fixtures.Misbehaving");

        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => harness.StartAsync(harness.Request($$"""{"mode":"{{mode}}"}""")));

        Assert.Equal(FaultKind.StartFailure, fault.Kind);
        Assert.Contains(what, fault.Message, StringComparison.Ordinal);
        Assert.Equal(type, fault.RemoteType);
        Assert.Null(fault.InnerException);
        Assert.Equal(0, Contexts("Fixtures.Misbehaving"));
    }

    [Fact]
    public async Task A_plugin_without_the_named_contract_is_a_contract_mismatch()
    {
        using Harness harness = new("Fixtures.Plain");

        ContractMismatchException mismatch = await Assert.ThrowsAsync<ContractMismatchException>(
            () => harness.StartAsync(harness.Request(contract: new OtherContract())));

        Assert.Contains("implements", mismatch.Message, StringComparison.Ordinal);
        Assert.Equal(FaultKind.ContractMismatch, mismatch.Kind);
    }

    [Fact]
    public async Task A_start_that_hangs_is_given_up_with_the_callers_token_and_taken_down_later()
    {
        using Harness harness = new("Fixtures.Misbehaving");
        using CancellationTokenSource deadline = new(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => harness.StartAsync(harness.Request("""{"mode":"start-hangs"}"""), deadline.Token));

        await Until(() => Contexts("Fixtures.Misbehaving") == 0);
    }

    [Fact]
    public async Task A_start_that_is_given_up_is_taken_down_whatever_its_tokens_callbacks_throw()
    {
        using Harness harness = new("Fixtures.Misbehaving");
        using CancellationTokenSource deadline = new(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => harness.StartAsync(harness.Request("""{"mode":"start-token-throws"}"""), deadline.Token));

        await Until(() => harness.Observer.Faults.Any(f => f.Message.Contains("thrown while its start was given up", StringComparison.Ordinal)));
        await Until(() => Contexts("Fixtures.Misbehaving") == 0);
    }

    [Fact]
    public void Options_report_all_problems_at_once()
    {
        InProcessOptions options = new() { DisposeTimeout = TimeSpan.Zero, ForcedProofEvery = TimeSpan.FromSeconds(-1) };

        Assert.Equal(2, options.Validate().Count);
    }

    private static int Contexts(string plugin) => AssemblyLoadContext.All.Count(c => c.Name == plugin);

    /// <summary>Waits for something that happens on other threads; the test's own time-out ends a wait in vain.</summary>
    private static async Task Until(Func<bool> condition)
    {
        using CancellationTokenSource tooLong = new(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(10, tooLong.Token);
        }
    }
}
