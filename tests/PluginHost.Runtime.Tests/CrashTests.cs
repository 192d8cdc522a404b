using System.Diagnostics;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests;

/// <summary>What a crash of a real worker costs, and what it does not.</summary>
public sealed class CrashTests : IAsyncLifetime
{
    private const string Calculator = "samples.calculator";
    private const string Faulty = "samples.faulty";
    private SampleHost _host = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _host = await SampleHost.StartAsync(PluginTier.Process, callTimeout: TimeSpan.FromSeconds(60), ids: [Calculator, Faulty]);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_stack_overflow_is_one_fault_with_its_cause_and_the_next_call_works()
    {
        IFaulty faulty = _host.Runtime.Get<IFaulty>(Faulty);

        PluginFaultException fault = Assert.Throws<PluginFaultException>(faulty.StackOverflow);
        string echo = faulty.Echo("back");

        Assert.Equal(FaultKind.StackOverflow, fault.Kind);
        Assert.Equal("SIGABRT", fault.Cause.Signal);
        Assert.Contains("Stack overflow", fault.Cause.StderrTail, StringComparison.Ordinal);
        Assert.Equal("back", echo);
        FaultRecord record = Assert.Single(_host.Runtime.Faults);
        Assert.Equal((FaultKind.StackOverflow, 1), (record.Kind, record.Generation));
        RestartRecord restart = Assert.Single(_host.Runtime.Restarts);
        Assert.Equal((1, 2), (restart.FromGeneration, restart.ToGeneration));
        await Task.CompletedTask;
    }

    [Fact]
    public void Different_deaths_are_told_apart()
    {
        IFaulty faulty = _host.Runtime.Get<IFaulty>(Faulty);

        PluginFaultException exit = Assert.Throws<PluginFaultException>(() => faulty.Exit(3));
        PluginFaultException failFast = Assert.Throws<PluginFaultException>(() => faulty.FailFast("no way on"));

        Assert.Equal((FaultKind.Exit, 3), (exit.Kind, exit.Cause.ExitCode));
        Assert.Equal(FaultKind.FailFast, failFast.Kind);
        Assert.Contains("no way on", failFast.Cause.StderrTail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_call_in_flight_ends_with_the_cause_and_another_plugin_goes_on()
    {
        IFaulty faulty = _host.Runtime.Get<IFaulty>(Faulty);
        ICalculator calculator = _host.Runtime.Get<ICalculator>(Calculator);
        Task[] calls = [.. Enumerable.Range(0, 10).Select(_ => faulty.SleepAsync(60_000, CancellationToken.None))];
        while (faulty.StartedCalls() < 10)
        {
            await Task.Yield();
        }

        Kill(_host.Status(Faulty).WorkerPid!.Value);

        List<string?> ids = [];
        foreach (Task call in calls)
        {
            PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => call);
            Assert.Equal((FaultKind.Signal, "SIGKILL"), (fault.Kind, fault.Cause.Signal));
            ids.Add(fault.FaultId);
        }

        Assert.Equal(3, await calculator.AddAsync(1, 2, Cancelled));
        Assert.Equal("back", faulty.Echo("back"));
        FaultRecord record = Assert.Single(_host.Runtime.Faults);
        Assert.Equal(10, record.CallsInFlight);
        Assert.NotNull(record.Id);
        Assert.All(ids, id => Assert.Equal(record.Id, id));
        Assert.Equal(1, _host.Status(Calculator).Generation);
    }

    [Fact]
    public async Task An_idempotent_call_survives_a_crash_of_its_worker()
    {
        ICalculator calculator = _host.Runtime.Get<ICalculator>(Calculator);
        double[] many = [.. Enumerable.Repeat(1.0, 200_000)];
        Task<double[]> sums = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => calculator.SumAsync(many, Cancelled).AsTask()));

        Kill(_host.Status(Calculator).WorkerPid!.Value);

        Assert.All(await sums, sum => Assert.Equal(200_000, sum));
        Assert.True(_host.Status(Calculator).Generation >= 2);
    }

    [Fact]
    public async Task Disposing_the_runtime_leaves_no_worker()
    {
        int[] workers = [.. _host.Runtime.Status.Select(s => s.WorkerPid!.Value)];

        await _host.Runtime.DisposeAsync();

        Assert.Equal(2, workers.Length);
        Assert.All(workers, pid => Assert.False(ProcessLife.IsAlive(pid)));
    }

    private static void Kill(int pid)
    {
        using Process worker = Process.GetProcessById(pid);
        worker.Kill();
    }
}
