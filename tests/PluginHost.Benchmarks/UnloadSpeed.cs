using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using Bench.Contracts;
using PluginHost.Contracts;
using PluginHost.Loading;
using PluginHost.Loading.Unloading;
using PluginHost.Runtime;
using PluginHost.Runtime.Trust;

namespace PluginHost.Benchmarks;

/// <summary>
/// How long a small plugin takes in-process from the wish to its first call, and how long a forced proof takes that one is gone, on heaps of several sizes.
/// </summary>
internal static class UnloadSpeed
{
    private const int Rounds = 25;
    private const int WarmUp = 5;
    private const string Plugin = "pluginhost.bench";
    private const int MiB = 1024 * 1024;

    /// <summary>Measures in turn and prints medians with their range.</summary>
    public static async Task RunAsync()
    {
        string plugins = typeof(UnloadSpeed).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(m => m.Key == "BenchPlugins").Value!;
        await LoadAsync(plugins);
        foreach (int mebibytes in (int[])[20, 100, 200])
        {
            await ProveAsync(plugins, mebibytes);
        }
    }

    private static async Task LoadAsync(string plugins)
    {
        string state = Directory.CreateTempSubdirectory("pluginhost-bench-").FullName;
        try
        {
            await using PluginRuntime runtime = await PluginRuntime.StartAsync(new PluginRuntimeOptions
            {
                Directory = plugins,
                StateFolder = state,
                ContractAssemblies = [typeof(IBench).Assembly],
                Policy = new PluginPolicy { Development = plugins, Plugins = new Dictionary<string, PluginOverrides> { [Plugin] = new() { MaxTrust = TrustLevel.Full } } },
            });
            IBench bench = runtime.Get<IBench>(Plugin);
            List<double> firstCalls = [], reloads = [];
            for (int round = -WarmUp; round < Rounds; round++)
            {
                await runtime.StopAsync(Plugin);
                long began = Stopwatch.GetTimestamp();
                await runtime.StartAsync(Plugin);
                _ = bench.Add(1, 2);
                Add(firstCalls, round, began);
                began = Stopwatch.GetTimestamp();
                await runtime.ReloadAsync(Plugin);
                _ = bench.Add(1, 2);
                Add(reloads, round, began);
            }

            Console.WriteLine($"the plugin runs in {runtime.Status[0].Tier}, generation {runtime.Status[0].Generation}");
            Print("start of a plugin in-process to the answer of its first call", firstCalls);
            Print("reload, old generation drained and unloading, to the answer of the next call", reloads);
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    private static async Task ProveAsync(string plugins, int mebibytes)
    {
        string entry = Directory.EnumerateFiles(plugins, "Bench.Plugin.dll", SearchOption.AllDirectories).First();
        LoadOptions options = new()
        {
            PluginId = Plugin,
            Folder = Path.GetDirectoryName(entry)!,
            EntryAssembly = Path.GetFileName(entry),
            Contracts = [typeof(IBench)],
            Shared = new SharedAssemblies(loaded: [typeof(IBench).Assembly]),
        };
        Node? ballast = Node.Many(mebibytes * (long)MiB);
        await ProveAsync(options, "of one loaded a moment ago", isOld: false);
        await ProveAsync(options, "of one that has outlived collections", isOld: true);
        GC.KeepAlive(ballast);
    }

    private static async Task ProveAsync(LoadOptions options, string which, bool isOld)
    {
        List<double> proofs = [];
        for (int round = -WarmUp; round < Rounds; round++)
        {
            LoadedPlugin? loaded = Load(options);
            for (int age = 0; isOld && age < 2; age++)
            {
                GC.Collect(1);
            }

            long began = Stopwatch.GetTimestamp();
            ContextUnloading unloading = Unload(ref loaded);
            UnloadProof proof = await unloading.TryProveAsync(force: true, TimeProvider.System);
            Add(proofs, round, began);
            if (proof != UnloadProof.Proved)
            {
                throw new InvalidOperationException($"The plugin was not proved gone: {proof}.");
            }
        }

        double heap = GC.GetTotalMemory(forceFullCollection: false) / (double)MiB;
        Print(string.Create(CultureInfo.InvariantCulture, $"forced proof {which}, heap {heap:0} MiB of small objects"), proofs);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static LoadedPlugin Load(LoadOptions options)
    {
        LoadedPlugin loaded = PluginLoader.Load(options);
        _ = ((IBench)loaded.CreateInstance(null!)).Add(1, 2);
        return loaded;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ContextUnloading Unload(ref LoadedPlugin? loaded)
    {
        ContextUnloading unloading = loaded!.Unload();
        loaded = null;
        return unloading;
    }

    private static void Add(List<double> times, int round, long began)
    {
        if (round >= 0)
        {
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
    }

    private static void Print(string what, List<double> milliseconds)
    {
        milliseconds.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: p50 {milliseconds[milliseconds.Count / 2]:0.0} ms [{milliseconds[0]:0.0}..{milliseconds[^1]:0.0}]"));
    }

    /// <summary>What an application's heap is made of: small objects that refer to others and to text.</summary>
    private sealed class Node(Node? next, string text)
    {
        private const int Bytes = 120;

        public Node? Next { get; } = next;

        public string Text { get; } = text;

        public static Node? Many(long bytes)
        {
            Node? last = null;
            for (long i = 0; i < bytes / Bytes; i++)
            {
                last = new Node(last, i.ToString("D30", CultureInfo.InvariantCulture));
            }

            return last;
        }
    }
}
