using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;

namespace PluginHost.Benchmarks;

/// <summary>
/// A call to a child process and back, beside a bare blocking ping-pong over the same kind of socket. For the stable figure pin both processes to
/// one core: <c>taskset -c 0 dotnet PluginHost.Benchmarks.dll --quick</c>.
/// </summary>
[MemoryDiagnoser]
[SuppressMessage("Design", "CA1001", Justification = "StopAsync, the benchmark's clean-up, disposes them.")]
public class RpcRoundTrip
{
    private const int Rounds = 5;
    private const int Sequential = 20_000;
    private const int Concurrent = 100_000;
    private const int InFlight = 64;
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    private readonly byte[] _ping = new byte[ChildRole.PingBytes];
    private readonly CancellationTokenSource _cancellation = new();
    private Process? _echoChild;
    private Process? _rpcChild;
    private Socket? _echo;
    private RpcConnection? _connection;

    /// <summary>How calls are written.</summary>
    [Params(RpcCodec.MessagePack, RpcCodec.Json)]
    public RpcCodec Codec { get; set; }

    [GlobalSetup]
    public void Start()
    {
        (_echoChild, _echo) = ChildRole.Start("echo");
        (_rpcChild, Socket socket) = ChildRole.Start("rpc");
        _connection = new RpcConnection(socket, new RpcOptions { Codec = Codec }, [], NullLogger.Instance);
        _connection.Start();
    }

    [GlobalCleanup]
    public async Task StopAsync()
    {
        _echo!.Dispose();
        await _connection!.DisposeAsync();
        await _echoChild!.WaitForExitAsync();
        await _rpcChild!.WaitForExitAsync();
        _cancellation.Dispose();
    }

    /// <summary>64 bytes there and back, blocking.</summary>
    [Benchmark(Baseline = true)]
    public int PingPong()
    {
        _echo!.Send(_ping);
        return _echo.Receive(_ping);
    }

    /// <summary>Add(int, int) with a cancellable token and a deadline.</summary>
    [Benchmark]
    public async ValueTask<int> Call() => (await _connection!.CallAsync<AddCall, int>(new AddCall(1, 2), s_timeout, _cancellation.Token)).Value;

    /// <summary>The same, with the caller's thread blocked.</summary>
    [Benchmark]
    public int BlockingCall() => _connection!.Call<AddCall, int>(new AddCall(1, 2), s_timeout, _cancellation.Token).Value;

    /// <summary>Measures without BenchmarkDotNet: five rounds, each kind in each round, medians.</summary>
    public static async Task QuickAsync()
    {
        foreach (RpcCodec codec in (RpcCodec[])[RpcCodec.MessagePack, RpcCodec.Json])
        {
            RpcRoundTrip run = new() { Codec = codec };
            run.Start();
            List<double> pings = [];
            List<double> calls = [];
            List<double> blocking = [];
            List<double> rates = [];
            List<double> bytes = [];
            for (int round = -2; round < Rounds; round++)
            {
                double ping = MedianOf(run.PingPong, Sequential);
                (double call, double allocated) = await run.CallsAsync();
                double block = MedianOf(run.BlockingCall, Sequential);
                double rate = await run.RateAsync();
                if (round >= 0)
                {
                    pings.Add(ping);
                    calls.Add(call);
                    blocking.Add(block);
                    rates.Add(rate);
                    bytes.Add(allocated);
                }
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"""
                {codec}, {Environment.ProcessorCount} processor(s), medians of {Rounds} rounds
                  ping-pong, blocking      p50 {Median(pings):F2} us
                  call                     p50 {Median(calls):F2} us = {Median(calls) / Median(pings):F2} x
                  call, blocking           p50 {Median(blocking):F2} us = {Median(blocking) / Median(pings):F2} x
                  {InFlight} in flight             {Median(rates):F0} calls/s
                  allocated by the caller  {Median(bytes):F3} bytes a call
                """));
            await run.StopAsync();
        }
    }

    /// <summary>One short measurement: a median in microseconds, and calls a second with 64 in flight.</summary>
    internal static async Task<(double P50, double Rate)> OnceAsync(RpcCodec codec)
    {
        RpcRoundTrip run = new() { Codec = codec };
        run.Start();
        await run.CallsAsync();
        (double p50, _) = await run.CallsAsync();
        await run.RateAsync();
        double rate = await run.RateAsync();
        await run.StopAsync();
        return (p50, rate);
    }

    private static double MedianOf(Func<int> step, int count)
    {
        List<double> times = new(count);
        for (int i = 0; i < count; i++)
        {
            long started = Stopwatch.GetTimestamp();
            step();
            times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
        }

        return Median(times);
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private async Task<(double Micros, double Bytes)> CallsAsync()
    {
        List<double> times = new(Sequential);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < Sequential; i++)
        {
            long started = Stopwatch.GetTimestamp();
            await _connection!.CallAsync<AddCall, int>(new AddCall(1, i), s_timeout, _cancellation.Token);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
        }

        double bytes = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Sequential;
        return (Median(times), bytes);
    }

    private async Task<double> RateAsync()
    {
        long started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < Concurrent / InFlight; i++)
            {
                await _connection!.CallAsync<AddCall, int>(new AddCall(1, i), s_timeout, _cancellation.Token);
            }
        })));
        return Concurrent / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
