using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using PluginHost.Rpc.Codecs;

namespace PluginHost.Benchmarks;

/// <summary>Ours beside what Node offers on the same machine in the same run: vscode-jsonrpc over stdio, and child_process IPC. About 20 seconds.</summary>
internal static class PeersBeside
{
    private const int Rounds = 3;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>Measures in turn and prints medians and ratios.</summary>
    /// <returns>The exit code: 1 where a peer is missing.</returns>
    public static async Task<int> RunAsync()
    {
        string folder = Path.Combine(Root(), "tests", "Interop", "node");
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            Console.Error.WriteLine($"The peers are missing: run 'npm ci' in {folder}, with Node 18 or later.");
            return 1;
        }

        Dictionary<string, List<(double P50, double Rate)>> all = new()
        {
            ["ours, MessagePack"] = [],
            ["ours, JSON"] = [],
            ["vscode-jsonrpc, stdio"] = [],
            ["Node child_process IPC"] = [],
        };
        for (int round = 0; round < Rounds; round++)
        {
            all["ours, MessagePack"].Add(await RpcRoundTrip.OnceAsync(RpcCodec.MessagePack));
            all["vscode-jsonrpc, stdio"].Add(await NodeAsync(folder, "vscode"));
            all["ours, JSON"].Add(await RpcRoundTrip.OnceAsync(RpcCodec.Json));
            all["Node child_process IPC"].Add(await NodeAsync(folder, "ipc"));
        }

        double own = Median(all["ours, MessagePack"].Select(m => m.P50));
        double ownRate = Median(all["ours, MessagePack"].Select(m => m.Rate));
        Console.WriteLine($"Add(1, 2) in a child process, {Environment.ProcessorCount} processor(s), medians of {Rounds} rounds");
        foreach ((string name, List<(double P50, double Rate)> measured) in all)
        {
            double p50 = Median(measured.Select(m => m.P50));
            double rate = Median(measured.Select(m => m.Rate));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {name,-24} p50 {p50,7:F1} us = {p50 / own,5:F2} x   64 in flight {rate,9:F0} calls/s = {rate / ownRate:F2} x"));
        }

        return 0;
    }

    private static async Task<(double P50, double Rate)> NodeAsync(string folder, string kind)
    {
        using Process node = Process.Start(new ProcessStartInfo("node", ["bench.js", kind]) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        string line = await node.StandardOutput.ReadToEndAsync().WaitAsync(s_patience);
        await node.WaitForExitAsync().WaitAsync(s_patience);
        JsonElement measured = JsonDocument.Parse(line).RootElement;
        return (measured.GetProperty("p50").GetDouble(), measured.GetProperty("rate").GetDouble());
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "PluginHost.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("The sources are not above the program.");
        }

        return folder;
    }
}
