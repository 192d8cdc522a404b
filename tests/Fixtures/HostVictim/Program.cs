using Fixtures;
using Fixtures.HostVictim;
using Fixtures.Processes.Contract;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Tiers;

if (args is ["flight", var state, var steps])
{
    FlightVictim.Run(state, steps);
}

if (args is [var folderOfPlugins, var stateFolder, ['f', 'o', 'r', 'e', 'i', 'g', 'n', ':', .. var how]])
{
    await ForeignVictim.RunAsync(folderOfPlugins, stateFolder, how);
    return;
}

if (args.Length > 2)
{
    await RuntimeVictim.RunAsync(plugins: args[0], state: args[1], mode: args[2]);
    return;
}

// Starts two workers, the second one busy in native code's place (an endless call), prints their ids and waits to be killed.
string folder = args[0];
string data = args[1];
ProcessTier tier = new(new ProcessTierOptions(), TimeProvider.System);
List<int> pids = [];
for (int i = 0; i < 2; i++)
{
    IPluginInstance instance = await tier.StartAsync(FixtureRequest.Create(folder, data, new DeafObserver(), NullLogger.Instance), CancellationToken.None);
    pids.Add(instance.WorkerPid!.Value);
    if (i == 1)
    {
        _ = ((IFixture)instance.Target(FixtureRequest.Contract)).HangAsync(Path.Combine(data, "hanging"), CancellationToken.None);
    }
}

Console.WriteLine(string.Join(' ', pids));
await Task.Delay(Timeout.InfiniteTimeSpan);
