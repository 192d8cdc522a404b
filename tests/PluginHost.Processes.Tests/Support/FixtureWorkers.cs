using System.Collections.Concurrent;
using System.Reflection;
using Fixtures;
using Fixtures.Processes.Contract;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;

namespace PluginHost.Processes.Tests.Support;

/// <summary>Starts the fixture plugin in real workers, and takes all of them down at the end of a test.</summary>
internal sealed class FixtureWorkers(RpcCodec codec) : IAsyncDisposable
{
    private readonly List<IPluginInstance> _started = [];

    public static string Folder { get; } = Path.Combine(Metadata("FixtureBin"), "ProcessesPlugin", Metadata("FixtureConfiguration"));

    public static string HostVictim { get; } = Path.Combine(Metadata("FixtureBin"), "HostVictim", Metadata("FixtureConfiguration"), "Fixtures.HostVictim.dll");

    /// <summary>True where there is time: more rounds.</summary>
    public static bool IsSoak { get; } = Environment.GetEnvironmentVariable("PLUGINHOST_SOAK") == "1";

    public string Data { get; } = Directory.CreateTempSubdirectory("pluginhost-processes-").FullName;

    public RecordingLogger Logger { get; } = new();

    public RecordingObserver Observer { get; } = new();

    public ProcessTierOptions Options { get; set; } = new() { Codec = codec };

    public async Task<FixtureWorker> StartAsync(string settings = "{}", PluginLimits? limits = null, int generation = 1, IInstanceObserver? observer = null)
    {
        IPluginInstance instance = await new ProcessTier(Options, TimeProvider.System)
            .StartAsync(FixtureRequest.Create(Folder, Data, observer ?? Observer, Logger, settings, limits, generation: generation), CancellationToken.None);
        _started.Add(instance);
        return new FixtureWorker((WorkerInstance)instance);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IPluginInstance instance in _started)
        {
            await instance.DisposeAsync();
        }

        Directory.Delete(Data, recursive: true);
    }

    private static string Metadata(string key) =>
        typeof(FixtureWorkers).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}

/// <summary>One running fixture.</summary>
internal sealed class FixtureWorker(WorkerInstance instance)
{
    public WorkerInstance Instance { get; } = instance;

    public int Pid { get; } = instance.WorkerPid!.Value;

    public IFixture Plugin { get; } = (IFixture)instance.Target(FixtureRequest.Contract);
}

/// <summary>Keeps what a tier reports.</summary>
internal sealed class RecordingObserver : IInstanceObserver
{
    public ConcurrentQueue<(string Method, CallStatus Status)> Calls { get; } = new();

    public ConcurrentQueue<FaultRecord> Faults { get; } = new();

    public ConcurrentQueue<(long RoundTrip, long Inside, long Queued)> Times { get; } = new();

    public int InFlightNow => Volatile.Read(ref _inFlight);

    private int _inFlight;

    public void Completed(ContractMethod method, long roundTrip, long insideNanoseconds, long queued)
    {
        Calls.Enqueue((method.Name, CallStatus.Ok));
        Times.Enqueue((roundTrip, insideNanoseconds, queued));
    }

    public void InFlight(ContractMethod method, bool began) => Interlocked.Add(ref _inFlight, began ? 1 : -1);

    public void Ended(ContractMethod method, CallStatus status) => Calls.Enqueue((method.Name, status));

    public string? Fault(FaultRecord fault)
    {
        fault = fault with { Id = fault.Id ?? FaultIds.Next(fault.At) };
        Faults.Enqueue(fault);
        return fault.Id;
    }
}

/// <summary>Waits for what another process does to files and processes.</summary>
internal static class Eventually
{
    public static void True(Func<bool> condition, string what) => Assert.True(SpinWait.SpinUntil(condition, Shell.Long), what);

    public static bool IsRunning(int pid) => ProcessLife.IsAlive(pid);
}
