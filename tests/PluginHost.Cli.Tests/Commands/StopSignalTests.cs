using System.Diagnostics;
using System.Globalization;
using PluginHost.Cli.Tests.Support;
using PluginHost.Runtime.Control;
using PluginHost.TestKit;

namespace PluginHost.Cli.Tests.Commands;

/// <summary>SIGTERM and Ctrl-C stop a host cleanly, whatever its plugins are about.</summary>
public sealed class StopSignalTests : IDisposable
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(1);
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_while_a_plugin_is_starting_ends_the_start_and_leaves_nothing(string signal)
    {
        // Answers nothing, ignores what it is asked, and starts another that leaves its group.
        _folder.Write("plugins/slow/plugin.json", """
            {
              "id": "slow", "version": "1.0.0", "trust": "standard", "contracts": ["Samples.Contracts.IWordCount@1"],
              "command": ["/bin/sh", "-c", "trap '' TERM; setsid sleep 600 & while :; do sleep 600; done"]
            }
            """);
        string policy = _folder.Write("policy.json", $$"""{"development": "{{_folder["plugins"]}}"}""");
        using Process host = Tool.Start("run", "--plugins", _folder["plugins"], "--policy", policy, "--state", _folder["state"]);
        _ = host.StandardOutput.ReadToEndAsync();
        Task<string> errors = host.StandardError.ReadToEndAsync();
        int[] processes = [];
        Assert.True(SpinWait.SpinUntil(() => (processes = Below(host.Id)).Length == 4, s_longest), $"The host has {processes.Length} processes, expected 4.");

        await SendAsync(signal, host.Id);
        using CancellationTokenSource deadline = new(s_longest);
        await host.WaitForExitAsync(deadline.Token);

        Assert.DoesNotContain("Unhandled", await errors, StringComparison.Ordinal);
        Assert.Equal(0, host.ExitCode);
        Assert.All(processes, pid => Assert.False(ProcessLife.IsAlive(pid)));
        Assert.False(File.Exists(_folder["state", "running"]));
        Assert.False(File.Exists(_folder["state", "control.sock"]));
    }

    [Fact]
    public async Task A_second_Ctrl_C_ends_at_once_and_leaves_no_process()
    {
        // A call that takes no notice of anything: the first signal waits for it for half a minute.
        using Process host = Tool.Start("run", "--state", _folder["state"], "--call", "samples.faulty Faulty.Hang [600000]", "--timeout", "10m");
        _ = host.StandardOutput.ReadToEndAsync();
        _ = host.StandardError.ReadToEndAsync();
        await UntilAsync(async () => await HostAttachment.AskAsync(_folder["state"]) is { } asked && asked.Snapshot.Stats.Plugins.Any(p => p.InFlight > 0));
        int[] processes = Below(host.Id);

        await SendAsync("INT", host.Id);
        await UntilAsync(() => Task.FromResult(!File.Exists(_folder["state", "control.sock"])));
        bool hadEnded = host.HasExited;
        await SendAsync("INT", host.Id);
        using CancellationTokenSource deadline = new(s_longest);
        await host.WaitForExitAsync(deadline.Token);

        Assert.False(hadEnded);
        Assert.Equal(130, host.ExitCode);
        Assert.NotEmpty(processes);
        Assert.All(await Task.WhenAll(processes.Select(p => ProcessLife.DiesAsync(p, TimeSpan.FromSeconds(2)))), Assert.True);
    }

    [Fact]
    public async Task Ctrl_C_stops_a_running_host_with_success()
    {
        await using RunningHost host = await RunningHost.StartAsync("--state", _folder["state"]);
        IReadOnlyList<int> processes = Below(host.Pid);

        int exitCode = await host.StopAsync("-INT");

        Assert.Equal(0, exitCode);
        Assert.NotEmpty(processes);
        Assert.All(processes, pid => Assert.False(ProcessLife.IsAlive(pid)));
        Assert.False(File.Exists(_folder["state", "running"]));
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using CancellationTokenSource deadline = new(s_longest);
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), deadline.Token);
        }
    }

    private static async Task SendAsync(string signal, int pid)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private static int[] Below(int pid) => [.. ProcessLife.ChildrenOf(pid).SelectMany(child => (int[])[child, .. Below(child)])];
}
