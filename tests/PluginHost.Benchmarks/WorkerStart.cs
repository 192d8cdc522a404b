using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Reflection;
using Bench.Contracts;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Trust;

namespace PluginHost.Benchmarks;

/// <summary>
/// How long a worker takes from nothing to its first answer, and to the first answer of a plugin. The floor, in the same run, is the same
/// runtime starting the same program by hand, which says its piece and ends.
/// </summary>
internal static class WorkerStart
{
    private const int Rounds = 25;
    private const string Plugin = "pluginhost.bench";

    /// <summary>Measures in turn and prints medians with their range.</summary>
    public static async Task RunAsync()
    {
        string plugins = typeof(WorkerStart).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(m => m.Key == "BenchPlugins").Value!;
        string state = Directory.CreateTempSubdirectory("pluginhost-bench-").FullName;
        try
        {
            await using PluginRuntime runtime = await PluginRuntime.StartAsync(new PluginRuntimeOptions
            {
                Directory = plugins,
                StateFolder = state,
                ContractAssemblies = [typeof(IBench).Assembly],
                Policy = new PluginPolicy { Development = plugins, Plugins = new Dictionary<string, PluginOverrides> { [Plugin] = new() { MaxTrust = TrustLevel.Standard } } },
            });
            IBench bench = runtime.Get<IBench>(Plugin);
            List<double> byHand = [], answers = [], calls = [];
            for (int round = 0; round < Rounds; round++)
            {
                byHand.Add(await StartByHandAsync());
                answers.Add(await FirstAnswerAsync(state));
                await runtime.StopAsync(Plugin);
                long began = Stopwatch.GetTimestamp();
                await runtime.StartAsync(Plugin);
                _ = bench.Add(1, 2);
                calls.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            Print("the runtime with the worker's program, start to end, by hand", byHand);
            Print("spawn to the answer of the handshake", answers);
            Print("start of a plugin to the answer of its first call", calls);
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    /// <summary>The worker's program without a channel prints a friendly paragraph and ends.</summary>
    private static async Task<double> StartByHandAsync()
    {
        long began = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo(DotnetExecutable.FindForThisProcess(), ["exec", Program()])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        await process.WaitForExitAsync();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private static async Task<double> FirstAnswerAsync(string folder)
    {
        long began = Stopwatch.GetTimestamp();
        WorkerProcess process = await WorkerSpawner.Shared.SpawnAsync(new SpawnRequest
        {
            FileName = DotnetExecutable.FindForThisProcess(),
            Arguments = ["exec", Program()],
            Environment = ChildEnvironment.Of(
                ChildEnvironment.OfThisProcess(),
                [],
                [
                    new(WorkerEnvironment.Descriptor, SpawnRequest.ChannelDescriptor.ToString(CultureInfo.InvariantCulture)),
                    new(WorkerCommand.HostPidVariable, Environment.ProcessId.ToString(CultureInfo.InvariantCulture)),
                ]),
            WorkingDirectory = folder,
            Logger = NullLogger.Instance,
            Clock = TimeProvider.System,
        });
        await using RpcConnection connection = new(new Socket(process.Channel), new RpcOptions(), [], NullLogger.Instance);
        connection.Start();
        HelloRequest hello = new(WorkerProtocolVersion.Min, WorkerProtocolVersion.Max, [WorkerProtocolVersion.MessagePack], "bench", Environment.ProcessId);
        await connection.CallAsync<HelloCall, HelloReply>(new HelloCall(hello), TimeSpan.FromSeconds(10), CancellationToken.None);
        double milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        process.Kill();
        await process.Exited;
        return milliseconds;
    }

    private static string Program() => WorkerCommand.ProgramOf(new ProcessTierOptions());

    private static void Print(string what, List<double> milliseconds)
    {
        milliseconds.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: p50 {milliseconds[milliseconds.Count / 2]:0.0} ms [{milliseconds[0]:0.0}..{milliseconds[^1]:0.0}]"));
    }
}
