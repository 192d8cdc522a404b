using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Bench.Contracts;
using PluginHost.Runtime;
using PluginHost.Runtime.Trust;

namespace PluginHost.Benchmarks;

/// <summary>
/// What the shipped guard, telemetry and revocation on, adds to the raw interface call into a collectible load context: on one thread, on two at once,
/// and while the plugin is reloaded under a thread that calls without a pause. Raw and guarded in turn in the same run; medians, and the lower quartile,
/// which a busy machine moves less.
/// </summary>
internal static class GuardCosts
{
    private const string PluginId = "pluginhost.bench";
    private const int Batch = 20_000;
    private const int Samples = 400;
    private const int Reloads = 50;
    private static readonly TimeSpan s_compiling = TimeSpan.FromMilliseconds(1500);

    /// <summary>Measures and prints.</summary>
    public static async Task RunAsync()
    {
        string plugins = typeof(GuardCosts).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(m => m.Key == "BenchPlugins").Value!;
        string state = Directory.CreateTempSubdirectory("pluginhost-bench-").FullName;
        AssemblyLoadContext context = new("raw", isCollectible: true);
        try
        {
            Assembly assembly = context.LoadFromAssemblyPath(Path.Combine(plugins, PluginId, "Bench.Plugin.dll"));
            IBench raw = (IBench)Activator.CreateInstance(assembly.GetType("Bench.Plugin.BenchPlugin", throwOnError: true)!)!;
            await using PluginRuntime runtime = await PluginRuntime.StartAsync(new PluginRuntimeOptions
            {
                Directory = plugins,
                StateFolder = state,
                Policy = new PluginPolicy { Development = plugins },
                ContractAssemblies = [typeof(IBench).Assembly],
            });
            IBench guarded = runtime.Get<IBench>(PluginId);
            await WarmUpAsync(raw, guarded);
            OneThread(raw, guarded);
            TwoThreads(raw, guarded);
            await ReloadsAsync(runtime, guarded);
        }
        finally
        {
            context.Unload();
            Directory.Delete(state, recursive: true);
        }
    }

    private static async Task WarmUpAsync(IBench raw, IBench guarded)
    {
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 100; i++)
            {
                _ = Times(raw, guarded, Batch / 10);
            }

            // What is called often is compiled again only once nothing new has been called for a while.
            await Task.Delay(s_compiling);
        }
    }

    private static void OneThread(IBench raw, IBench guarded)
    {
        double[][] rows = [new double[Samples], new double[Samples], new double[Samples], new double[Samples]];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int sample = 0; sample < Samples; sample++)
        {
            Times times = Times(raw, guarded, Batch);
            (rows[0][sample], rows[1][sample], rows[2][sample], rows[3][sample]) = times;
        }

        double bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / (4.0 * Samples * Batch);
        Print("synchronous", rows[0], rows[1]);
        Print("ValueTask completed", rows[2], rows[3]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"allocated a call: {bytes:f3} B"));
    }

    // The time of both threads' calls, side by side, over that of one alone: what they share slows them down, the machine's second core included.
    private static void TwoThreads(IBench raw, IBench guarded)
    {
        List<double> rawSlower = [], guardedSlower = [];
        for (int round = 0; round < 21; round++)
        {
            rawSlower.Add(SideBySide(() => Loop<RawLoop>.Sync(raw, Batch * 20)));
            guardedSlower.Add(SideBySide(() => Loop<GuardedLoop>.Sync(guarded, Batch * 20)));
        }

        (double first, double second) = (Median(rawSlower), Median(guardedSlower));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"two threads at once, a call's time over one thread's: raw {first:f2}, guarded {second:f2}; guarded over raw {second / first:f2} (must 2)"));
    }

    private static double SideBySide(Action calls)
    {
        long began = Stopwatch.GetTimestamp();
        calls();
        double alone = Stopwatch.GetElapsedTime(began).TotalSeconds;
        using Barrier start = new(2);
        double[] took = new double[2];
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(number => new Thread(() =>
        {
            start.SignalAndWait();
            long started = Stopwatch.GetTimestamp();
            calls();
            took[number] = Stopwatch.GetElapsedTime(started).TotalSeconds;
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        return took.Average() / alone;
    }

    private static async Task ReloadsAsync(PluginRuntime runtime, IBench guarded)
    {
        bool isOver = false;
        long calls = 0;
        long wrong = 0;
        long longest = 0;
        Thread caller = new(() =>
        {
            long last = Stopwatch.GetTimestamp();
            for (int i = 0; !Volatile.Read(ref isOver); i++)
            {
                try
                {
                    wrong += guarded.Add(i, 1) == unchecked(i + 1) ? 0 : 1;
                }
                catch (Exception failed)
                {
                    Console.WriteLine(failed.Message);
                    wrong++;
                }

                long now = Stopwatch.GetTimestamp();
                longest = Math.Max(longest, now - last);
                last = now;
                calls++;
            }
        });
        long began = Stopwatch.GetTimestamp();
        caller.Start();
        List<double> took = [];
        for (int reload = 0; reload < Reloads; reload++)
        {
            long started = Stopwatch.GetTimestamp();
            await runtime.ReloadAsync(PluginId);
            took.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Volatile.Write(ref isOver, true);
        caller.Join();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Reloads} reloads, {Median(took):f1} ms each, under {calls / seconds:n0} calls a second on one thread: {wrong} of {calls:n0} failed, the longest call {longest * 1e3 / Stopwatch.Frequency:f1} ms (forced collections included)"));
    }

    private static Times Times(IBench raw, IBench guarded, int count) => new(
        Time(() => Loop<RawLoop>.Sync(raw, count), count),
        Time(() => Loop<GuardedLoop>.Sync(guarded, count), count),
        Time(() => Loop<RawLoop>.Completed(raw, count), count),
        Time(() => Loop<GuardedLoop>.Completed(guarded, count), count));

    private static double Time(Func<int> calls, int count)
    {
        long began = Stopwatch.GetTimestamp();
        _ = calls();
        return Stopwatch.GetElapsedTime(began).TotalNanoseconds / count;
    }

    private static void Print(string name, double[] raw, double[] guarded)
    {
        Array.Sort(raw);
        Array.Sort(guarded);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: raw {At(raw, 2):f2} ns, guarded {At(guarded, 2):f2} ns: +{At(guarded, 2) - At(raw, 2):f2} (lower quartile {At(raw, 4):f2}, {At(guarded, 4):f2}: +{At(guarded, 4) - At(raw, 4):f2})"));
    }

    private static double At(double[] sorted, int part) => sorted[sorted.Length / part];

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>Loops compiled once for each kind of target, so that what the JIT learns of one stays apart from the other.</summary>
    private static class Loop<TKind>
        where TKind : struct
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static int Sync(IBench bench, int count)
        {
            int sum = 0;
            for (int i = 0; i < count; i++)
            {
                sum += bench.Add(i, 1);
            }

            return sum;
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        public static int Completed(IBench bench, int count)
        {
            int sum = 0;
            for (int i = 0; i < count; i++)
            {
                ValueTask<int> task = bench.AddCompletedAsync(i, 1);
                sum += task.IsCompletedSuccessfully ? task.Result : task.AsTask().Result;
            }

            return sum;
        }
    }

    private readonly struct RawLoop;

    private readonly struct GuardedLoop;
}

/// <summary>Nanoseconds a call of one round.</summary>
internal readonly record struct Times(double Raw, double Guarded, double RawTask, double GuardedTask);
