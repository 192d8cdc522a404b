using System.Diagnostics;
using System.Text.Json.Nodes;
using Fixtures.Features.Contract;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.OutOfProcess;

/// <summary>A real worker for every call: nothing survives from one to the next.</summary>
public sealed class PerCallTests : IAsyncDisposable
{
    private const string Id = SampleHost.Features;
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);
    private SampleHost? _host;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private PluginRuntime Runtime => _host!.Runtime;

    private IPooled Pooled => Runtime.Get<IPooled>(Id);

    private PluginStatus Status => _host!.Status(Id);

    [Theory]
    [InlineData(SpareMode.Warm)]
    [InlineData(SpareMode.None)]
    public async Task Nothing_that_a_call_leaves_is_found_by_the_next(SpareMode spare)
    {
        await StartAsync(spare: spare);

        Remembered[] calls = [Pooled.Remember("one"), Pooled.Remember("two"), Pooled.Remember("three")];

        Assert.All(calls, call => Assert.Empty(call.Found));
        Assert.Equal(3, calls.Select(c => c.ProcessId).Distinct().Count());
        Assert.Equal(3, calls.Select(c => c.DataFolder).Distinct().Count());
        Assert.Equal(3, calls.Select(c => c.TempFolder).Distinct().Count());
        Assert.All(calls, call => Assert.StartsWith(_host!.State, call.TempFolder, StringComparison.Ordinal));
        await UntilAsync(() => calls.All(c => !ProcessLife.IsAlive(c.ProcessId) && !Directory.Exists(c.DataFolder) && !Directory.Exists(c.TempFolder)));
        Assert.Empty(Runtime.Faults);
        Assert.Contains(Status.Reasons, r => r.Contains("per-call", StringComparison.Ordinal) && r.Contains("at most 1 at once", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_call_handed_out_keeps_its_worker_until_it_is_let_go_of()
    {
        await StartAsync(workers: 2);
        IFeatures features = Runtime.Get<IFeatures>(Id);
        ISession session = await features.OpenSessionAsync("ann", Cancelled);
        int worker = Assert.Single(Status.Workers, w => w.State == WorkerState.Ready).Pid!.Value;

        int other = Pooled.ProcessId();
        string greeting = await session.GreetAsync("bob", Cancelled);
        bool wasAlive = ProcessLife.IsAlive(worker);
        await session.DisposeAsync();

        Assert.Equal("ann greets bob", greeting);
        Assert.NotEqual(worker, other);
        Assert.True(wasAlive);
        Assert.True(await ProcessLife.DiesAsync(worker, s_long));

        List<int> numbers = [];
        await foreach (int number in features.Watch(5, null, Cancelled))
        {
            numbers.Add(number);
        }

        Assert.Equal(5, numbers.Count);
        await UntilAsync(() => Status.Workers.All(w => w.State == WorkerState.Prepared));
        Assert.Empty(Runtime.Faults);
    }

    [Fact]
    public async Task A_death_costs_its_own_call_and_is_told_once()
    {
        await StartAsync(workers: 2);

        PluginFaultException[] deaths =
        [
            Assert.Throws<PluginFaultException>(() => Pooled.Exit(3)),
            Assert.Throws<PluginFaultException>(() => Pooled.Exit(3)),
            Assert.Throws<PluginFaultException>(() => Pooled.Exit(0)),
            Assert.Throws<PluginFaultException>(() => Pooled.Exit(0)),
            Assert.Throws<PluginFaultException>(() => Pooled.Exit(0)),
        ];
        int next = Pooled.ProcessId();
        await UntilAsync(() => Runtime.Faults.Count == 5);

        Assert.All(Runtime.Faults, fault => Assert.Equal((FaultKind.Exit, 1), (fault.Kind, fault.CallsInFlight)));
        Assert.Equal(deaths.Select(d => d.FaultId).Order(), Runtime.Faults.Select(f => f.Id).Order());
        Assert.True(next > 0);
        Assert.Equal((PluginState.Ready, 1), (Status.State, Status.Generation));
    }

    [Fact]
    public async Task An_idempotent_call_whose_worker_was_killed_gets_another()
    {
        await StartAsync();
        Task<int> call = Pooled.ServeAgainAsync(500, Cancelled);
        await UntilAsync(() => Status.Workers.Any(w => w is { State: WorkerState.Ready, InFlight: 1 }));
        int first = Status.Workers.Single(w => w.State == WorkerState.Ready).Pid!.Value;

        using (Process worker = Process.GetProcessById(first))
        {
            worker.Kill();
        }

        Assert.NotEqual(first, await call);
        FaultRecord record = Assert.Single(Runtime.Faults);
        Assert.Equal((FaultKind.Signal, first), (record.Kind, record.WorkerPid));
    }

    [Fact]
    public async Task No_more_calls_than_workers_are_inside_and_beyond_the_queue_they_are_turned_away()
    {
        await StartAsync(workers: 2, change: json => json["limits"] = new JsonObject { ["queue"] = 1 });
        using CancellationTokenSource done = new();
        Task<int>[] inside = [Pooled.ServeAsync(60_000, done.Token), Pooled.ServeAsync(60_000, done.Token)];

        PluginTimeoutException late = await Assert.ThrowsAsync<PluginTimeoutException>(() => Pooled.ServeSoonAsync(1, Cancelled));
        Task<int> waiting = Pooled.ServeAsync(1, Cancelled);
        PluginUnavailableException full = await Assert.ThrowsAsync<PluginUnavailableException>(() => Pooled.ServeAsync(1, Cancelled));
        await UntilAsync(() => Status.Workers.Count(w => w.State == WorkerState.Ready) == 2);
        int atOnce = Status.Workers.Count(w => w.State == WorkerState.Ready);
        await done.CancelAsync();

        Assert.Contains("still waiting to be sent", late.Message, StringComparison.Ordinal);
        Assert.Equal((FaultKind.LimitExceeded, "limits.queue"), (full.Kind, full.Fault.Limit));
        Assert.Contains("workers (2)", full.Message, StringComparison.Ordinal);
        Assert.Contains("limits.queue (1)", full.Message, StringComparison.Ordinal);
        Assert.Equal(2, atOnce);
        Assert.True(await waiting > 0);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(inside));
    }

    [Fact]
    public async Task A_reload_lets_calls_go_on_where_they_are()
    {
        await StartAsync(workers: 2);
        Task<int> inside = Pooled.ServeAsync(600, Cancelled);
        await UntilAsync(() => Status.Workers.Any(w => w.State == WorkerState.Ready));

        await Runtime.ReloadAsync(Id);
        int after = Pooled.ProcessId();

        Assert.NotEqual(after, await inside);
        Assert.Equal((2, PluginState.Ready), (Status.Generation, Status.State));
        Assert.Empty(Runtime.Faults);
    }

    [Fact]
    public async Task Where_no_more_workers_can_be_started_calls_that_have_one_end_well()
    {
        using TempFolder folder = new();
        string program = WorkerCommand.ProgramOf(new ProcessTierOptions());
        string copy = folder.CopyOf(Path.GetDirectoryName(program)!, "worker");
        program = Path.Combine(copy, Path.GetFileName(program));
        await StartAsync(workers: 3, spare: SpareMode.None, options: o => o with { Workers = w => w with { WorkerFolder = copy } });
        Task<int> inside = Pooled.ServeAsync(1500, Cancelled);
        await UntilAsync(() => Status.Workers is [{ State: WorkerState.Ready }]);

        File.Move(program, program + ".gone");
        PluginException[] refused = [Assert.ThrowsAny<PluginException>(() => Pooled.ProcessId()), Assert.ThrowsAny<PluginException>(() => Pooled.ProcessId())];
        await UntilAsync(() => Status.State != PluginState.Ready);
        File.Move(program + ".gone", program);
        int next = Pooled.ProcessId();

        Assert.All(refused, r => Assert.Equal(FaultKind.StartFailure, r.Kind));
        Assert.NotEqual(next, await inside);
        Assert.Equal((PluginState.Ready, 2), (Status.State, Status.Generation));
    }

    [Fact]
    public async Task A_prepared_worker_that_is_killed_is_told_once_and_replaced_and_a_stop_leaves_nothing()
    {
        await StartAsync();
        await UntilAsync(() => Status.Workers is [{ State: WorkerState.Prepared }]);
        int prepared = Status.Workers[0].Pid!.Value;

        using (Process worker = Process.GetProcessById(prepared))
        {
            worker.Kill();
        }

        await UntilAsync(() => Runtime.Faults.Count == 1);
        int served = Pooled.ProcessId();
        await UntilAsync(() => Status.Workers is [{ State: WorkerState.Prepared }]);
        int last = Status.Workers[0].Pid!.Value;
        await Runtime.StopAsync(Id);

        Assert.NotEqual(prepared, served);
        Assert.All([prepared, served, last], pid => Assert.False(ProcessLife.IsAlive(pid)));
        string folders = Path.Combine(_host!.State, "calls", Id);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folders));
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }
    }

    private async Task StartAsync(
        int workers = 1, Action<JsonNode>? change = null, SpareMode spare = SpareMode.Warm, Func<PluginRuntimeOptions, PluginRuntimeOptions>? options = null) => _host = await SampleHost.StartAsync(
        PluginTier.Process,
        callTimeout: TimeSpan.FromSeconds(20),
        change: json =>
        {
            json["workers"] = workers;
            json["isolation"] = "per-call";
            change?.Invoke(json);
        },
        spare: spare,
        options: options,
        ids: [Id]);

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (long began = Stopwatch.GetTimestamp(); !condition();)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < s_long, "It did not come to that.");
            await Task.Delay(1, Cancelled);
        }
    }
}
