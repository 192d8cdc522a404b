using System.Diagnostics;
using Bench.Contracts;
using Microsoft.Extensions.Logging;
using PluginHost.Cli.Output;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Trust;

namespace PluginHost.Cli.Bench;

/// <summary>Measures the ways of large values in turns, round after round, each over a copy of the same size in the same round.</summary>
internal sealed class PayloadRun : IAsyncDisposable
{
    private const int Rounds = 5;
    private const int MostCalls = 400;
    private const long BytesPerRow = 192L * 1024 * 1024;

    // Holds the largest value in one message, so that the paths through the message can be measured too; or none above 64 KiB.
    private const int WideMessage = 80 * 1024 * 1024;
    private const int NarrowMessage = 512 * 1024;
    private static readonly int[] s_sizes = [64 * 1024, 1024 * 1024, 64 * 1024 * 1024];
    private readonly List<PluginRuntime> _runtimes = [];
    private readonly List<Row> _rows = [];
    private readonly Dictionary<int, List<double>> _memcpy = [];

    private PayloadRun()
    {
    }

    /// <summary>Starts the measured plugin once for each path.</summary>
    /// <param name="benchPlugins">The folder with the measured plugin's folder.</param>
    /// <param name="scratch">A private folder for state.</param>
    /// <param name="loggers">Where the engine logs.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<PayloadRun> StartAsync(
        string benchPlugins, string scratch, ILoggerFactory loggers, TimeProvider clock, CancellationToken cancellationToken)
    {
        PayloadRun run = new();
        PluginRuntimeOptions common = new()
        {
            Directory = benchPlugins,
            LoggerFactory = loggers,
            ContractAssemblies = [typeof(IBulk).Assembly],
            HandleUnhandledExceptions = true,
            Clock = clock,
        };
        try
        {
            await run.AddAsync("sharedMemory", common, null, scratch, cancellationToken).ConfigureAwait(false);
            await run.AddAsync("ring", common with { PayloadAreaBytes = 0 }, WideMessage, scratch, cancellationToken).ConfigureAwait(false);
            await run.AddAsync("socket", common with { PayloadAreaBytes = 0, Transport = WorkerTransport.Socket }, WideMessage, scratch, cancellationToken).ConfigureAwait(false);
            await run.AddAsync("chunks", common with { PayloadAreaBytes = 0 }, NarrowMessage, scratch, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await run.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return run;
    }

    /// <summary>Measures.</summary>
    /// <param name="progress">Told of each round's beginning.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<PayloadDocument> MeasureAsync(Action<string> progress, CancellationToken cancellationToken)
    {
        for (int round = 0; round <= Rounds; round++)
        {
            progress(round == 0 ? "Warming up." : $"Round {round} of {Rounds}.");
            foreach (int size in s_sizes)
            {
                double memcpy = Memcpy(size);
                if (round > 0)
                {
                    Of(_memcpy, size).Add(memcpy);
                }

                byte[] bytes = new byte[size];
                bytes.AsSpan().Fill(7);
                foreach (Row row in _rows.Where(r => r.Bytes == size))
                {
                    double speed = await TimeAsync(row, bytes, cancellationToken).ConfigureAwait(false);
                    if (round > 0)
                    {
                        row.Speeds.Add(speed);
                        row.Ratios.Add(speed / memcpy);
                    }
                }
            }
        }

        return new PayloadDocument(
            Machine.Describe(Rounds),
            [.. s_sizes.Select(s => new MemcpyLine(s, Math.Round(Distribution.Median([.. _memcpy[s]]), 3)))],
            [.. _rows.Select(r => r.ToLine())]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (PluginRuntime runtime in _runtimes)
        {
            await runtime.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static List<double> Of(Dictionary<int, List<double>> all, int size) =>
        all.TryGetValue(size, out List<double>? values) ? values : all[size] = [];

    private static int CallsOf(int size) => (int)Math.Clamp(BytesPerRow / size, 3, MostCalls);

    // The median, in billions of bytes a second.
    private static double Memcpy(int size)
    {
        byte[] from = new byte[size];
        byte[] to = new byte[size];
        from.AsSpan().Fill(7);
        from.CopyTo(to, 0);
        double[] speeds = new double[CallsOf(size)];
        for (int i = 0; i < speeds.Length; i++)
        {
            long started = Stopwatch.GetTimestamp();
            from.CopyTo(to, 0);
            speeds[i] = size / Stopwatch.GetElapsedTime(started).TotalSeconds / 1e9;
        }

        return Distribution.Median(speeds);
    }

    private static async Task<double> TimeAsync(Row row, byte[] bytes, CancellationToken cancellationToken)
    {
        // The first call of a turn takes memory that the last turn's pause gave back.
        await row.Way.CallAsync(row.Target, bytes, cancellationToken).ConfigureAwait(false);
        double[] speeds = new double[CallsOf(bytes.Length)];
        for (int i = 0; i < speeds.Length; i++)
        {
            long started = Stopwatch.GetTimestamp();
            await row.Way.CallAsync(row.Target, bytes, cancellationToken).ConfigureAwait(false);
            speeds[i] = bytes.Length / Stopwatch.GetElapsedTime(started).TotalSeconds / 1e9;
        }

        return Distribution.Median(speeds);
    }

    private async Task AddAsync(string path, PluginRuntimeOptions options, int? message, string scratch, CancellationToken cancellationToken)
    {
        PluginOverrides overrides = new() { Tier = PluginTier.Process, Limits = new LimitOverrides { Message = message } };
        PluginRuntime runtime = await PluginRuntime.StartAsync(
            options with
            {
                StateFolder = Path.Combine(scratch, path),
                Policy = new PluginPolicy { Development = options.Directory, Plugins = new Dictionary<string, PluginOverrides> { [TaxRun.PluginId] = overrides } },
            },
            cancellationToken).ConfigureAwait(false);
        _runtimes.Add(runtime);
        IBulk target = runtime.Get<IBulk>(TaxRun.PluginId);
        foreach (int size in s_sizes)
        {
            _rows.AddRange(PayloadWay.All.Select(way => new Row(path, way, size, target)));
        }
    }

    /// <summary>One line of the report, and what each round measured of it.</summary>
    private sealed record Row(string Path, PayloadWay Way, int Bytes, IBulk Target)
    {
        public List<double> Speeds { get; } = [];

        public List<double> Ratios { get; } = [];

        public PayloadLine ToLine() => new(
            Path,
            Way.IsToWorker ? "toWorker" : "fromWorker",
            Way.Type,
            Bytes,
            Math.Round(Distribution.Median([.. Speeds]), 3),
            Math.Round(Distribution.Median([.. Ratios]), 3));
    }
}
