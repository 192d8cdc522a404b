using Fixtures.Processes.Contract;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Processes.Tests.Support;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Trust;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;

namespace PluginHost.Processes.Tests;

/// <summary>A host that dies with a plugin inside of it: whom the next one blames, and where it runs that plugin. Real hosts, really dying.</summary>
public sealed class HostCrashTests : IDisposable
{
    private const string Id = "fixture";
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("segfault", "Fixture.Segfault", 139)]
    [InlineData("failfast", "Fixture.FailFast", 134)]
    [InlineData("overflow", "Fixture.StackOverflow", 134)]
    [InlineData("exit", "Fixture.Exit", 3)]
    [InlineData("own-thread", "(own thread)", 134)]
    [InlineData("busy", "Fixture.SpinIn", 137)]
    public async Task After_a_host_died_in_a_plugin_the_next_one_records_it_once_and_runs_it_in_a_worker_from_then_on(string mode, string method, int exitCode)
    {
        string plugins = VictimHost.Layout(_folder, "{}", trust: "full");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], mode);
        if (mode == "busy")
        {
            // The only one that does not die of itself.
            host.Reach(mode, 0);
            host.Kill();
        }

        Assert.Equal(exitCode, host.WaitForDeath());

        await using (PluginRuntime next = await StartAsync(plugins))
        {
            AssertBlamed(next, host.Pid, method);
            Assert.Equal((PluginTier.Process, PluginState.Ready), (next.Status[0].Tier, next.Status[0].State));
            Assert.StartsWith($"Demoted from inProcess to process because host {host.Pid} died in {method} at ", next.Status[0].Demotion, StringComparison.Ordinal);
            Assert.Contains(next.Status[0].Demotion!, next.Inspect(Id).Placement.Reasons);
            Assert.Equal(next.Status[0].WorkerPid, next.Get<IFixture>(Id).ProcessId());
        }

        await using PluginRuntime third = await StartAsync(plugins);
        Assert.Empty(third.Faults);
        Assert.Equal(PluginTier.Process, third.Status[0].Tier);
    }

    [Fact]
    public async Task A_host_killed_from_outside_blames_the_plugin_that_a_thread_was_in_be_it_in_native_code()
    {
        string plugins = VictimHost.Layout(_folder, "{}", trust: "full");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], "native");
        host.Reach("native", 0);

        host.Kill();

        await using PluginRuntime next = await StartAsync(plugins);
        AssertBlamed(next, host.Pid, "Fixture.SleepInNative");
        Assert.Equal((PluginTier.Process, PluginState.Ready), (next.Status[0].Tier, next.Status[0].State));
    }

    [Theory]
    [InlineData("idle")]
    [InlineData("awaiting")]
    public async Task A_host_killed_while_no_thread_is_in_a_plugin_blames_nobody(string mode)
    {
        string plugins = VictimHost.Layout(_folder, "{}", trust: "full");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], mode);
        host.Reach(mode, 0);

        host.Kill();

        await using PluginRuntime next = await StartAsync(plugins, start: false);
        Assert.Empty(next.Faults);
        Assert.Equal((PluginTier.InProcess, null), (next.Status[0].Tier, next.Status[0].Demotion));
    }

    [Fact]
    public async Task Calls_that_waited_when_a_host_was_killed_are_told_of_though_nobody_is_blamed()
    {
        string plugins = VictimHost.Layout(_folder, "{}", trust: "full");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], "awaiting");
        host.Reach("awaiting", 0);
        host.Kill();
        ListLogger log = new();
        using Recorder recorder = new(new RecorderOptions(), TimeProvider.System, log);

        new DeadHosts(recorder, Kept(log), TimeProvider.System, log).Report(_folder["state"]);

        Assert.Empty(recorder.Faults());
        Assert.Contains("waiting for something were 1 call(s) of fixture Fixture.Wait.", Assert.Single(log.Messages(LogLevel.Warning)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application-exits")]
    [InlineData("application-throws")]
    public async Task A_plugin_that_is_at_work_while_the_application_ends_itself_is_not_blamed(string mode)
    {
        string plugins = VictimHost.Layout(_folder, "{}", trust: "full");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], mode);
        host.WaitForDeath();

        await using PluginRuntime next = await StartAsync(plugins, start: false);
        Assert.Empty(next.Faults);
        Assert.Equal((PluginTier.InProcess, null), (next.Status[0].Tier, next.Status[0].Demotion));
    }

    [Theory]
    [InlineData("idle", """{"start":"overflow"}""", "(start)")]
    [InlineData("idle", """{"start":"exit"}""", "(start)")]
    [InlineData("stopping", """{"stop":"overflow"}""", "(stop)")]
    public async Task A_plugin_that_ends_its_host_before_or_after_any_call_does_so_once(string mode, string settings, string stage)
    {
        string plugins = VictimHost.Layout(_folder, settings, trust: "full");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], mode);
        host.WaitForDeath();

        await using PluginRuntime next = await StartAsync(plugins, start: false);
        AssertBlamed(next, host.Pid, stage);
        Assert.Equal(PluginTier.Process, next.Status[0].Tier);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(null)]
    public async Task Where_the_policy_does_not_allow_a_move_the_fault_is_recorded_and_the_placement_says_what_would_help(bool? allowed)
    {
        string plugins = VictimHost.Layout(_folder, "{}", trust: "full");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], "failfast");
        host.WaitForDeath();

        await using PluginRuntime next = await StartAsync(plugins, start: false, allowed);

        AssertBlamed(next, host.Pid, "Fixture.FailFast");
        Assert.Equal((PluginTier.InProcess, null), (next.Status[0].Tier, next.Status[0].Demotion));
        Assert.Contains(next.Status[0].Reasons, r => r.Contains($"because host {host.Pid} died in Fixture.FailFast", StringComparison.Ordinal) && r.Contains("\"demotion\": true", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_person_brings_it_back_and_nobody_else()
    {
        string plugins = VictimHost.Layout(_folder, "{}", trust: "full");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], "failfast");
        host.WaitForDeath();
        await using PluginRuntime next = await StartAsync(plugins);
        int worker = next.Status[0].WorkerPid!.Value;

        await next.RestartAsync(Id);
        await next.ReloadAsync(Id);
        PluginTier? afterReload = next.Status[0].Tier;
        await next.ResetAsync(Id);

        Assert.Equal(PluginTier.Process, afterReload);
        Assert.Equal((PluginTier.InProcess, PluginState.Ready, null), (next.Status[0].Tier, next.Status[0].State, next.Status[0].Demotion));
        Assert.Equal(Environment.ProcessId, next.Get<IFixture>(Id).ProcessId());
        Assert.False(ProcessLife.IsAlive(worker));
        Assert.DoesNotContain(Id, await File.ReadAllTextAsync(_folder["state", "demotions.json"]), StringComparison.Ordinal);
    }

    [Fact]
    public void On_a_chain_of_plugins_the_innermost_is_blamed_and_several_dead_hosts_count_one_each()
    {
        using VictimHost first = Dead("+0 +1 +2");
        using VictimHost second = Dead("+0 +1 +2,+2");
        ListLogger log = new();
        using Recorder recorder = new(new RecorderOptions(), TimeProvider.System, log);
        Demotions demotions = Kept(log);

        new DeadHosts(recorder, demotions, TimeProvider.System, log).Report(_folder["state"]);
        new DeadHosts(recorder, demotions, TimeProvider.System, log).Report(_folder["state"]);

        FaultRecord[] faults = [.. recorder.Faults()];
        Assert.Equal(["inner Chain.inner 3", "inner Chain.inner 3"], faults.Select(f => $"{f.PluginId} {f.Method} {f.Generation}"));
        Assert.Contains(faults, f => f.Message.StartsWith($"The host process {first.Pid} died while its thread ", StringComparison.Ordinal));
        Assert.Contains(faults, f => f.Message.StartsWith($"The host process {second.Pid} died while its threads ", StringComparison.Ordinal));
        Assert.StartsWith("2 hosts died in it within", demotions.Of("inner")!.Because, StringComparison.Ordinal);
        Assert.Null(demotions.Of("outer"));
        Assert.Equal(3, log.Messages(LogLevel.Error).Count());
    }

    [Fact]
    public void Where_the_last_method_entered_has_been_left_each_one_around_it_is_a_suspect_and_the_record_says_so()
    {
        using VictimHost host = Dead("+0 +1 +2 -2");
        ListLogger log = new();
        using Recorder recorder = new(new RecorderOptions(), TimeProvider.System, log);

        new DeadHosts(recorder, Kept(log), TimeProvider.System, log).Report(_folder["state"]);

        Assert.Equal(["middle", "outer"], recorder.Faults().Select(f => f.PluginId).Order(StringComparer.Ordinal));
        Assert.All(recorder.Faults(), f => Assert.Contains("which of them it died of is not known", f.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void What_no_plugin_is_called_gets_no_record()
    {
        using VictimHost host = Dead("+3");
        ListLogger log = new();
        using Recorder recorder = new(new RecorderOptions(), TimeProvider.System, log);

        new DeadHosts(recorder, Kept(log), TimeProvider.System, log).Report(_folder["state"]);

        Assert.Empty(recorder.Faults());
        Assert.Empty(log.Events);
    }

    [Fact]
    public void A_death_that_could_not_be_written_down_in_time_is_told_again_and_counts_once()
    {
        using VictimHost host = Dead("+0");
        string file = Assert.Single(Directory.GetFiles(_folder["state"], "flight-*"));
        byte[] flight = File.ReadAllBytes(file);
        ListLogger log = new();
        using Recorder recorder = new(new RecorderOptions(), TimeProvider.System, log);

        new DeadHosts(recorder, Kept(log), TimeProvider.System, log).Report(_folder["state"]);
        File.WriteAllBytes(file, flight);
        new DeadHosts(recorder, Kept(log), TimeProvider.System, log).Report(_folder["state"]);

        Assert.Null(Kept(log).Of("outer"));
        Assert.Equal(2, recorder.Faults().Length);
    }

    private Demotions Kept(ILogger log) => new(_folder["state", "demotions.json"], new DemotionOptions { HostDeaths = 2 }, TimeProvider.System, log);

    private VictimHost Dead(string steps)
    {
        VictimHost host = VictimHost.Start("flight", _folder.Folder("state"), steps);
        host.WaitForDeath();
        return host;
    }

    private static void AssertBlamed(PluginRuntime next, int host, string method)
    {
        FaultRecord fault = Assert.Single(next.Faults);
        Assert.Equal((FaultKind.HostDeath, Id, PluginTier.InProcess, 1, method), (fault.Kind, fault.PluginId, fault.Tier, fault.Generation, fault.Method));
        Assert.Contains($"The host process {host} died while its thread ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(next.StateFolder, "flight-*"), f => f.Contains($"-{host}-", StringComparison.Ordinal));
    }

    private Task<PluginRuntime> StartAsync(string plugins, bool start = true, bool? allowed = true) => PluginRuntime.StartAsync(new PluginRuntimeOptions
    {
        Directory = plugins,
        StateFolder = _folder["state"],
        ContractAssemblies = [typeof(IFixture).Assembly],
        StartPlugins = start,
        Policy = new PluginPolicy
        {
            Development = plugins,
            Plugins = new Dictionary<string, PluginOverrides> { [Id] = new() { Demotion = allowed } },
        },
    });
}
