using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using PluginHost.Contracts.Faults;
using PluginHost.Faults.Tests.Support;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Trust;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Faults.Tests;

/// <summary>Fifty plugins crash at once. They are small programs, so that the machine's part in it is small and the host's can be seen.</summary>
public sealed partial class StormTests(ITestOutputHelper output) : IDisposable
{
    private const int Crashing = 50;
    private const string Bystander = "samples.faulty";
    private static readonly RestartRateOptions s_rate = new();
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Restarts_follow_the_rate_the_host_takes_less_than_half_a_core_and_another_plugin_answers()
    {
        LayOut();
        await using PluginRuntime runtime = await PluginRuntime.StartAsync(new PluginRuntimeOptions
        {
            Directory = _folder["plugins"],
            StateFolder = _folder["state"],
            ContractAssemblies = [typeof(IFaulty).Assembly],
            Spares = SpareOptions.None,
            Policy = new PluginPolicy { Development = _folder["plugins"] },
        });
        string[] ids = [.. runtime.Status.Where(s => s.Id != Bystander).Select(s => s.Id)];
        Assert.Equal(Crashing, ids.Length);
        Assert.All(runtime.Status, s => Assert.Equal(PluginState.Ready, s.State));
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<double[]> bystander = new Neighbour(runtime.Get<IFaulty>(Bystander)).CallAsync(over.Task);
        TimeSpan processorBefore = Environment.CpuUsage.TotalTime;
        long began = Stopwatch.GetTimestamp();

        foreach (PluginStatus status in runtime.Status.Where(s => s.Id != Bystander))
        {
            _ = kill(status.WorkerPid!.Value, 9);
        }

        while (runtime.Restarts.Count < Crashing || runtime.Status.Any(s => s.State != PluginState.Ready))
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(2), $"{runtime.Restarts.Count} of {Crashing} are back.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        TimeSpan took = Stopwatch.GetElapsedTime(began);
        double cores = (Environment.CpuUsage.TotalTime - processorBefore) / took;
        over.SetResult();
        double[] times = await bystander;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Crashing} restarts in {took.TotalSeconds:0.0} s; the host took {cores:0.00} cores, the calls of another plugin included; that one's p99 was {Neighbour.P99(times):0.0} ms of {times.Length} calls."));
        Assert.All(ids, id => Assert.Equal(FaultKind.Signal, Assert.Single(runtime.Faults, f => f.PluginId == id).Kind));
        AssertFollowsRate([.. runtime.Restarts]);
        Assert.True(cores < 0.5, $"The host took {cores:0.00} cores while its plugins came back.");
    }

    /// <summary>No second has more restarts than a burst and a second's share, and all together took their time.</summary>
    private static void AssertFollowsRate(RestartRecord[] restarts)
    {
        Assert.Equal(Crashing, restarts.Length);
        DateTimeOffset[] times = [.. restarts.Select(r => r.At).Order()];
        double least = (Crashing - s_rate.Burst) / s_rate.PerSecond;

        // A record is made when its plugin is ready: the first may have been late by a start, the last was not early.
        Assert.True((times[^1] - times[0]).TotalSeconds > least - 3, $"{Crashing} restarts within {(times[^1] - times[0]).TotalSeconds:0.0} s.");
    }

    private void LayOut()
    {
        for (int i = 0; i < Crashing; i++)
        {
            string id = string.Create(CultureInfo.InvariantCulture, $"storm.p{i:00}");
            _folder.Write(Path.Combine("plugins", id, "main.py"), Program);
            _folder.Write(Path.Combine("plugins", id, "plugin.json"), new JsonObject
            {
                ["id"] = id,
                ["version"] = "1.0.0",
                ["command"] = new JsonArray("python3", "-S", "-E", "./main.py"),
                ["contracts"] = new JsonArray("Samples.Contracts.IWordCount@1"),
                ["trust"] = "standard",
            }.ToJsonString());
        }

        _folder.CopyOf(Path.Combine(Place.Plugins, Bystander), Path.Combine("plugins", Bystander));
    }

    private const string Program = """
        import sys
        def read():
            length = 0
            while (line := sys.stdin.buffer.readline()) != b"\r\n":
                if not line: sys.exit(0)
                length = int(line.split(b":")[1])
            return sys.stdin.buffer.read(length)
        while True:
            text = read().decode()
            at = text.index('"id":') + 5
            end = min(text.find(c, at) for c in ",}" if text.find(c, at) >= 0)
            body = ('{"jsonrpc":"2.0","id":' + text[at:end] + ',"result":null}').encode()
            sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            sys.stdout.buffer.flush()
        """;

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
