using Fixtures.Processes.Contract;
using PluginHost.Runtime;
using PluginHost.Runtime.Trust;

namespace Fixtures.HostVictim;

/// <summary>A whole runtime over a folder with the fixture plugin, brought to some state; there it stays until it is killed.</summary>
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
            case "restarting":
                _ = Task.Run(() => plugin.Exit(3));
                break;
            case "stopping":
                _ = runtime.StopAsync("fixture");
                break;
        }

        await Task.Delay(Timeout.InfiniteTimeSpan);
    }
}
