using System.Text.Json;
using PluginHost.Contracts.Faults;
using PluginHost.Processes.Tests.Support;
using PluginHost.Runtime.Model;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;

namespace PluginHost.Processes.Tests;

/// <summary>
/// Exceptions of an in-process plugin where no call takes them, in real hosts that own their process: whose they are, and that the host goes on. What is not
/// a plugin's ends the host as without all this.
/// </summary>
public sealed class ForeignFaultTests : IDisposable
{
    private const int Aborted = 134;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("thread", "a thread of its own (thread 'the fixture's own', ")]
    [InlineData("timer", "a timer of its own (thread '.NET TP Worker', ")]
    [InlineData("pool", "its work item on the thread pool (thread '.NET TP Worker', ")]
    [InlineData("async-void", "an async void method of its own (thread '.NET TP Worker', ")]
    [InlineData("finalizer", "a finalizer of its own (thread without a name, ")]
    public void An_exception_that_no_call_takes_is_the_plugins_which_is_quarantined_and_the_host_goes_on(string how, string left)
    {
        Result result = Run(how);

        FaultRecord fault = Assert.Single(result.Faults);
        Assert.Equal((FaultKind.UnhandledException, "fixture", PluginTier.InProcess, 1), (fault.Kind, fault.PluginId, fault.Tier, fault.Generation));
        Assert.StartsWith($"An exception left {left}", fault.Message, StringComparison.Ordinal);
        Assert.Contains($"System.InvalidOperationException: {how}, thrown in Fixtures.Processes.Plugin.FixturePlugin", fault.Message, StringComparison.Ordinal);
        Assert.Equal("System.InvalidOperationException", fault.RemoteType);
        Assert.Contains("FixturePlugin", fault.RemoteStack, StringComparison.Ordinal);
        Assert.Equal((PluginState.Quarantined, 1, 3), (result.State, result.Generation, result.Sum));
        Assert.Contains(result.Log, l => l.StartsWith("8080 Error fixture generation 1: An exception left ", StringComparison.Ordinal));
    }

    [Fact]
    public void One_that_the_framework_wrapped_is_found_by_its_cause()
    {
        FaultRecord fault = Assert.Single(Run("callback").Faults);

        Assert.Equal("System.AggregateException", fault.RemoteType);
        Assert.Contains("(callback)", fault.Message, StringComparison.Ordinal);
        Assert.Contains("thrown in Fixtures.Processes.Plugin.FixturePlugin", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("throwing-text", "(reading it threw System.NotSupportedException)")]
    [InlineData("hanging-text", "(its message was not given within 00:00:01)")]
    public void An_exception_whose_own_text_throws_or_hangs_holds_up_nothing(string how, string text)
    {
        // The thread that hangs in the text keeps the plugin in memory, and that is told too.
        FaultRecord fault = Run(how).Faults[0];

        Assert.Contains(text, fault.Message, StringComparison.Ordinal);
        Assert.Contains("FixturePlugin", fault.RemoteStack, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_at_once_are_one_entry_and_one_quarantine()
    {
        Result result = Run("often");

        FaultRecord fault = Assert.Single(result.Faults);
        Assert.InRange(fault.Count, 1, 500);
        Assert.Equal((PluginState.Quarantined, 3), (result.State, result.Sum));
        Assert.Single(result.Log, l => l.StartsWith("8004 ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_task_that_nobody_awaited_is_recorded_and_nothing_follows()
    {
        Result result = Run("task");

        FaultRecord fault = Assert.Single(result.Faults);
        Assert.Equal(FaultKind.Exception, fault.Kind);
        Assert.StartsWith("An exception left a task of its own that nobody awaited", fault.Message, StringComparison.Ordinal);
        Assert.Equal(PluginState.Ready, result.State);
    }

    [Fact]
    public void A_thread_of_an_earlier_generation_is_told_of_and_leaves_the_next_one_alone()
    {
        Result result = Run("late");

        Assert.Equal((FaultKind.UnhandledException, 1), result.Faults.Where(f => f.RemoteType is not null).Select(f => (f.Kind, f.Generation)).Single());
        Assert.Equal((PluginState.Ready, 2), (result.State, result.Generation));
    }

    [Fact]
    public void A_thread_that_outlives_the_runtime_does_not_end_the_host_either() =>
        Assert.Contains(Run("disposed").Log, l => l.StartsWith("8080 Error fixture generation 1: An exception left a thread of its own", StringComparison.Ordinal));

    [Fact]
    public void Of_two_runtimes_with_the_same_plugin_the_right_one_hears_of_it()
    {
        Result result = Run("two");

        Assert.Empty(result.Faults);
        Assert.Equal(PluginState.Ready, result.State);
        Assert.Equal("second Quarantined 1", Assert.Single(result.Notes));
    }

    [Fact]
    public void Where_other_code_has_set_the_handler_the_log_says_so_once_and_the_plugins_run()
    {
        Result result = Run("taken");

        Assert.Single(result.Log, l => l.StartsWith("4010 Error This process has a handler of unhandled exceptions already", StringComparison.Ordinal));
        Assert.Empty(result.Faults);
        Assert.Equal(3, result.Sum);
    }

    [Fact]
    public void What_is_the_applications_own_ends_it_as_before()
    {
        string plugins = VictimHost.Layout(_folder, "{}", trust: "full");
        using VictimHost with = VictimHost.Start(plugins, _folder["state"], "foreign:application");
        using VictimHost without = VictimHost.Start(plugins, _folder["other"], "application-throws");

        Assert.Equal((Aborted, Aborted), (with.WaitForDeath(), without.WaitForDeath()));
        Assert.False(File.Exists(_folder["state", "result"]));
    }

    private Result Run(string how)
    {
        string plugins = VictimHost.Layout(_folder, "{}", trust: "full");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], "foreign:" + how);
        Assert.Equal(0, host.WaitForDeath());
        return JsonSerializer.Deserialize<Result>(File.ReadAllText(_folder["state", "result"]))!;
    }

    private sealed record Result(PluginState State, int Generation, IReadOnlyList<FaultRecord> Faults, int Sum, IReadOnlyList<string> Notes, IReadOnlyList<string> Log);
}
