using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.Loader;
using Bench.Contracts;
using BenchmarkDotNet.Attributes;
using PluginHost.Runtime;
using PluginHost.Runtime.Trust;

namespace PluginHost.Benchmarks;

/// <summary>A call through the shipped guard, telemetry and revocation on, beside the raw interface call into a collectible load context.</summary>
[MemoryDiagnoser]
[InProcess] // The generated project of the default toolchain does not know this tree's layout of outputs.
[SuppressMessage("Design", "CA1001", Justification = "StopAsync, the benchmark's clean-up, disposes them.")]
public class GuardBenchmarks
{
    private const string PluginId = "pluginhost.bench";
    private readonly CancellationTokenSource _cancellation = new();
    private readonly AssemblyLoadContext _context = new("raw", isCollectible: true);
    private string _state = "";
    private PluginRuntime? _runtime;
    private IBench? _raw;
    private IBench? _guarded;

    // Synchronous: the in-process toolchain does not await a setup.
    [GlobalSetup]
    public void Start() => StartAsync().GetAwaiter().GetResult();

    private async Task StartAsync()
    {
        string plugins = typeof(GuardBenchmarks).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(m => m.Key == "BenchPlugins").Value!;
        Assembly assembly = _context.LoadFromAssemblyPath(Path.Combine(plugins, PluginId, "Bench.Plugin.dll"));
        _raw = (IBench)Activator.CreateInstance(assembly.GetType("Bench.Plugin.BenchPlugin", throwOnError: true)!)!;
        _state = Directory.CreateTempSubdirectory("pluginhost-benchmark-").FullName;
        _runtime = await PluginRuntime.StartAsync(new PluginRuntimeOptions
        {
            Directory = plugins,
            StateFolder = _state,
            Policy = new PluginPolicy { Development = plugins },
            ContractAssemblies = [typeof(IBench).Assembly],
        });
        _guarded = _runtime.Get<IBench>(PluginId);
    }

    [GlobalCleanup]
    public void Stop() => StopAsync().GetAwaiter().GetResult();

    private async Task StopAsync()
    {
        await _runtime!.DisposeAsync();
        _context.Unload();
        _cancellation.Dispose();
        Directory.Delete(_state, recursive: true);
    }

    /// <summary>The interface call alone.</summary>
    [Benchmark(Baseline = true)]
    public int Raw() => _raw!.Add(1, 2);

    /// <summary>The same through the guard.</summary>
    [Benchmark]
    public int Guarded() => _guarded!.Add(1, 2);

    /// <summary>A task that has its result at once, raw.</summary>
    [Benchmark]
    public ValueTask<int> RawTask() => _raw!.AddCompletedAsync(1, 2);

    /// <summary>The same through the guard.</summary>
    [Benchmark]
    public ValueTask<int> GuardedTask() => _guarded!.AddCompletedAsync(1, 2);

    /// <summary>The same with a token that can be cancelled.</summary>
    [Benchmark]
    public ValueTask<int> GuardedTaskWithToken() => _guarded!.AddCompletedCancellableAsync(1, 2, _cancellation.Token);
}
