using Fixtures.Processes.Contract;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Trust;

namespace Fixtures.HostVictim;

/// <summary>A whole runtime over a folder with the fixture plugin, brought to some state; there it stays until it is killed, or dies of it.</summary>
internal static class RuntimeVictim
{
    public static async Task RunAsync(string plugins, string state, string mode)
    {
        PluginRuntime runtime = await PluginRuntime.StartAsync(new PluginRuntimeOptions
        {
            Directory = plugins,
            StateFolder = state,
            ContractAssemblies = [typeof(IFixture).Assembly],
            Policy = new PluginPolicy { Development = plugins },
        });
        IFixture plugin = runtime.Get<IFixture>("fixture");
        string marker = Path.Combine(state, "reached");
        switch (mode)
        {
            case "idle":
                await File.WriteAllTextAsync(marker, "1");
                break;
            case "busy":
                _ = Task.Run(() => plugin.SpinIn(marker));
                break;
            case "native":
                _ = Task.Run(() => plugin.SleepInNative(marker));
                break;
            case "awaiting":
                _ = plugin.WaitAsync(marker, CancellationToken.None);
                await UntilAsync(() => File.Exists(marker + ".began"));
                await File.WriteAllTextAsync(marker, "1");
                break;
            case "restarting":
                _ = Task.Run(() => plugin.Exit(3));
                break;
            case "stopping":
                _ = runtime.StopAsync("fixture");
                break;
            case "spare":
                await UntilAsync(() => runtime.Spares.Ready == 1);
                await File.WriteAllTextAsync(marker, "1");
                break;
            case "became":
                await UntilAsync(() => runtime.Spares.Ready == 1);
                _ = Task.Run(() => plugin.Exit(3));
                await UntilAsync(() => runtime.Status[0] is { State: PluginState.Ready, Generation: 2 });
                await File.WriteAllTextAsync(marker, "1");
                break;
            case "segfault":
                plugin.Segfault();
                break;
            case "failfast":
                plugin.FailFast("as told");
                break;
            case "overflow":
                plugin.StackOverflow(0);
                break;
            case "exit":
                plugin.Exit(3);
                break;
            case "own-thread":
                plugin.ThrowOnThread("on a thread of its own");
                break;
            case "application-exits":
                _ = Task.Run(() => plugin.SpinIn(marker));
                await UntilAsync(() => File.Exists(marker));
                Environment.Exit(0);
                break;
            case "application-throws":
                _ = Task.Run(() => plugin.SpinIn(marker));
                await UntilAsync(() => File.Exists(marker));
                new Thread(() => throw new InvalidOperationException("the application's own")).Start();
                break;
        }

        await Task.Delay(Timeout.InfiniteTimeSpan);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
    }
}
