using Fixtures;
using Fixtures.Processes.Contract;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Processes.Tests.Support;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Processes.Tests.OutOfProcess;

public sealed class MessagePackProcessTierTests() : ProcessTierTests(RpcCodec.MessagePack);

public sealed class SocketProcessTierTests() : ProcessTierTests(RpcCodec.MessagePack, WorkerTransport.Socket);

public sealed class JsonProcessTierTests() : ProcessTierTests(RpcCodec.Json);

/// <summary>What holds of real workers in either codec and over either transport.</summary>
public abstract class ProcessTierTests(RpcCodec codec, WorkerTransport transport = WorkerTransport.Ring) : IAsyncLifetime
{
    private readonly FixtureWorkers _workers = new(codec) { Options = new ProcessTierOptions { Codec = codec, Transport = transport } };

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _workers.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Calls_come_back_with_their_results_and_times()
    {
        FixtureWorker worker = await _workers.StartAsync("""{"word":"abc"}""");

        Assert.Equal(5, worker.Plugin.Add(2, 3));
        Assert.Equal(7, await worker.Plugin.AddLaterAsync(3, 4, CancellationToken.None));
        Assert.Equal("grüß 🙂", await worker.Plugin.EchoAsync("grüß 🙂", CancellationToken.None));
        Assert.Equal(worker.Pid, worker.Plugin.ProcessId());
        Assert.Equal($"fixture 1 {_workers.Data} abc", await worker.Plugin.DescribeAsync());
        Assert.Equal(5, _workers.Observer.Times.Count);
        Assert.All(_workers.Observer.Times, t => Assert.True(t.RoundTrip > 0 && t.Inside >= 0 && t.Queued == 0, t.ToString()));
        Assert.Equal(0, _workers.Observer.InFlightNow);
    }

    [Fact]
    public async Task A_worker_that_is_replaced_answers_what_is_inside_and_turns_late_calls_away_before_they_are_sent()
    {
        FixtureWorker worker = await _workers.StartAsync();
        Task<long> inside = worker.Plugin.BlockAsync(300);

        Task<int> drain = worker.Instance.DrainAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        PluginUnavailableException late = Assert.Throws<PluginUnavailableException>(() => worker.Plugin.Add(1, 2));
        int left = await drain;
        await inside;

        Assert.Equal(0, left);
        Assert.True(late.IsRetryable);
        Assert.Single(_workers.Observer.Times);
    }

    [Fact]
    public async Task A_call_without_a_place_is_waited_for_as_well()
    {
        FixtureWorker worker = await _workers.StartAsync();
        Task<long> nested = ((IFixture)FixtureRequest.Contract.CreateProxy(new WithoutPlace(worker.Instance))).BlockAsync(400);

        int left = await worker.Instance.DrainAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        await worker.Instance.StopAsync(TimeSpan.Zero, CancellationToken.None);

        Assert.Equal(0, left);
        await nested;
    }

    [Fact]
    public async Task A_drain_gives_up_at_its_time_and_says_what_is_left()
    {
        FixtureWorker worker = await _workers.StartAsync();
        Task<long> inside = worker.Plugin.BlockAsync(1000);

        int left = await worker.Instance.DrainAsync(TimeSpan.FromMilliseconds(50), CancellationToken.None);

        Assert.Equal(1, left);
        await inside;
    }

    [Fact]
    public async Task A_worker_without_a_check_of_its_own_is_healthy_while_it_answers()
    {
        FixtureWorker worker = await _workers.StartAsync();

        await worker.Instance.CheckHealthAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        await worker.Instance.StopAsync(TimeSpan.Zero, CancellationToken.None);

        await Assert.ThrowsAnyAsync<PluginException>(() => worker.Instance.CheckHealthAsync(TimeSpan.FromSeconds(30), CancellationToken.None));
    }

    [Fact]
    public async Task A_worker_over_a_limit_is_killed_as_one_fault_that_names_it()
    {
        FixtureWorker worker = await _workers.StartAsync();
        long used = worker.Instance.Usage(withMemory: true)!.Value.MemoryBytes!.Value;

        worker.Instance.EndOverLimit("recycle.memoryHard", "has too much; recycle.memoryHard is less");
        FaultRecord record = await worker.Instance.Died;

        Assert.InRange(used, 1 << 20, 1L << 32);
        Assert.Equal((FaultKind.LimitExceeded, "recycle.memoryHard"), (record.Kind, record.Limit));
        Assert.Contains("was killed: it has too much; recycle.memoryHard is less.", record.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_with_primitive_arguments_allocate_nothing_on_the_callers_thread()
    {
        FixtureWorker worker = await _workers.StartAsync(observer: new Fixtures.DeafObserver());
        for (int i = 0; i < 2000; i++)
        {
            worker.Plugin.Add(i, 1);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 2000; i++)
        {
            worker.Plugin.Add(i, 1);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2000);
    }

    [Fact]
    public async Task The_plugin_sees_neither_the_hosts_environment_nor_the_channels_name()
    {
        Environment.SetEnvironmentVariable("PLUGINHOST_TEST_SECRET", "s");
        FixtureWorker worker = await _workers.StartAsync();

        Assert.Null(worker.Plugin.Variable("PLUGINHOST_TEST_SECRET"));
        Assert.Null(worker.Plugin.Variable("PLUGINHOST_FD"));
        Assert.NotNull(worker.Plugin.Variable("PATH"));
    }

    [Fact]
    public async Task An_exception_of_the_plugin_is_a_fault_and_the_worker_goes_on()
    {
        FixtureWorker worker = await _workers.StartAsync();

        PluginFaultException fault = Assert.Throws<PluginFaultException>(() => worker.Plugin.Throw("no way"));

        Assert.Equal(FaultKind.Exception, fault.Kind);
        Assert.Equal(("System.InvalidOperationException", "no way"), (fault.RemoteType, fault.RemoteMessage));
        Assert.Contains("FixturePlugin.Throw", fault.RemoteStack);
        FaultRecord record = Assert.Single(_workers.Observer.Faults);
        Assert.Equal(record.Id, fault.FaultId);
        Assert.Equal((FaultKind.Exception, worker.Pid, "Fixture.Throw"), (record.Kind, record.WorkerPid, record.Method));
        Assert.Equal(("Throw", CallStatus.Fault), Assert.Single(_workers.Observer.Calls));
        Assert.Equal(2, worker.Plugin.Add(1, 1));
    }

    [Fact]
    public async Task A_declared_error_arrives_as_itself_and_is_no_fault()
    {
        FixtureWorker worker = await _workers.StartAsync();

        NotThereException error = await Assert.ThrowsAsync<NotThereException>(() => worker.Plugin.FindAsync("key"));

        Assert.Equal(("key", 3), (error.Name, error.Looked));
        Assert.Empty(_workers.Observer.Faults);
        Assert.Equal(CallStatus.Error, Assert.Single(_workers.Observer.Calls).Status);
    }

    [Fact]
    public async Task A_cancellation_that_nobody_asked_for_is_a_fault()
    {
        FixtureWorker worker = await _workers.StartAsync();

        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => worker.Plugin.CancelUnaskedAsync());

        Assert.Equal(FaultKind.UnrequestedCancellation, fault.Kind);
    }

    [Fact]
    public async Task The_callers_cancellation_stops_the_plugins_work()
    {
        FixtureWorker worker = await _workers.StartAsync();
        string marker = Path.Combine(_workers.Data, "cancelled");
        using CancellationTokenSource caller = new();
        Task waiting = worker.Plugin.WaitAsync(marker, caller.Token);
        Eventually.True(() => File.Exists(marker + ".began"), "The call did not begin.");

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Eventually.True(() => File.Exists(marker), "The plugin did not stop working.");
        Assert.Equal(CallStatus.Cancelled, Assert.Single(_workers.Observer.Calls).Status);
        Assert.Empty(_workers.Observer.Faults);
    }

    [Fact]
    public async Task A_call_over_its_deadline_ends_with_a_timeout_and_the_plugin_is_asked_to_stop()
    {
        FixtureWorker worker = await _workers.StartAsync(limits: new PluginLimits { CallTimeout = TimeSpan.FromMilliseconds(300) });
        string marker = Path.Combine(_workers.Data, "late");

        PluginTimeoutException late = await Assert.ThrowsAsync<PluginTimeoutException>(() => worker.Plugin.WaitAsync(marker, CancellationToken.None));

        Assert.Equal(FaultKind.Timeout, late.Kind);
        Eventually.True(() => File.Exists(marker), "The plugin did not stop working.");
        Assert.Equal(FaultKind.Timeout, Assert.Single(_workers.Observer.Faults).Kind);
    }

    [Fact]
    public async Task Beyond_concurrency_and_queue_calls_are_turned_away_with_the_limits_named()
    {
        FixtureWorker worker = await _workers.StartAsync(limits: new PluginLimits { Concurrency = 1, Queue = 1 });
        string marker = Path.Combine(_workers.Data, "first");
        using CancellationTokenSource caller = new();
        Task first = worker.Plugin.WaitAsync(marker, caller.Token);
        Eventually.True(() => File.Exists(marker + ".began"), "The call did not begin.");
        Task<string> second = worker.Plugin.EchoAsync("second", CancellationToken.None);

        PluginUnavailableException full = await Assert.ThrowsAsync<PluginUnavailableException>(() => worker.Plugin.EchoAsync("third", CancellationToken.None));

        Assert.Equal(FaultKind.LimitExceeded, full.Kind);
        Assert.True(full.IsRetryable);
        Assert.Contains("limits.queue (1)", full.Message);
        Assert.Equal("limits.queue", full.Fault.Limit);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal("second", await second);
        Assert.True(Assert.Single(_workers.Observer.Times).Queued > 0);
    }

    public static TheoryData<string, FaultKind, int?, string?, string?> Deaths => new()
    {
        { "exit 0", FaultKind.Exit, 0, null, "exiting by myself" },
        { "exit 3", FaultKind.Exit, 3, null, "exiting by myself" },
        { "fail fast", FaultKind.FailFast, null, "SIGABRT", "no more of this" },
        { "stack overflow", FaultKind.StackOverflow, null, "SIGABRT", "FixturePlugin.StackOverflow" },
        { "thread", FaultKind.UnhandledException, null, "SIGABRT", "on a thread" },
        { "async void", FaultKind.UnhandledException, null, "SIGABRT", "in async void" },
        { "kill -9", FaultKind.Signal, null, "SIGKILL", null },
    };

    [Theory]
    [MemberData(nameof(Deaths))]
    public async Task A_death_has_one_cause_for_its_callers_and_its_record(string death, FaultKind kind, int? exitCode, string? signal, string? stderr)
    {
        FixtureWorker worker = await _workers.StartAsync();
        string marker = Path.Combine(_workers.Data, "pending");
        Task pending = worker.Plugin.WaitAsync(marker, CancellationToken.None);
        Eventually.True(() => File.Exists(marker + ".began"), "The call did not begin.");

        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => Task.Run(() => Die(worker, death)));
        PluginFaultException other = await Assert.ThrowsAsync<PluginFaultException>(() => pending);
        FaultRecord record = await worker.Instance.Died.WaitAsync(Shell.Long);

        Assert.Equal((kind, exitCode, signal), (record.Kind, record.ExitCode, record.Signal));
        Assert.All([fault, other], f => Assert.Equal((kind, exitCode, signal), (f.Kind, f.Cause.ExitCode, f.Cause.Signal)));
        Assert.Contains(stderr ?? "", record.StderrTail ?? "");
        Assert.Contains(stderr ?? "", fault.Cause.StderrTail ?? "");
        Assert.False(other.IsRetryable);
        Assert.All([fault, other], f => Assert.Equal(record.Id, f.FaultId));
        Assert.Equal(2, record.CallsInFlight);
        Assert.Equal(worker.Pid, record.WorkerPid);

        // It is told while the kernel still takes its memory back.
        Eventually.True(() => !Eventually.IsRunning(worker.Pid), "The process did not end.");
        if (kind == FaultKind.UnhandledException)
        {
            Assert.Equal("System.InvalidOperationException", record.RemoteType);
        }
    }

    [Fact]
    public async Task After_a_death_calls_are_lost_unsent_and_the_next_generation_works()
    {
        FixtureWorker worker = await _workers.StartAsync();
        _ = Libc.kill(worker.Pid, Signals.Kill);
        await worker.Instance.Died.WaitAsync(Shell.Long);

        PluginFaultException late = Assert.Throws<PluginFaultException>(() => worker.Plugin.Add(1, 1));
        FixtureWorker next = await _workers.StartAsync(generation: 2);

        Assert.True(late.IsRetryable);
        Assert.Equal("SIGKILL", late.Cause.Signal);
        Assert.Equal(2, next.Plugin.Add(1, 1));
    }

    [Fact]
    public async Task Allocating_beyond_the_memory_limit_is_told_as_out_of_memory()
    {
        FixtureWorker worker = await _workers.StartAsync(limits: new PluginLimits { Memory = 64 * 1024 * 1024 });

        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => Task.Run(() => worker.Plugin.Allocate(1024)));

        Assert.Equal(FaultKind.OutOfMemory, fault.Kind);
    }

    [Fact]
    public async Task What_a_plugin_prints_never_reaches_the_channel()
    {
        FixtureWorker worker = await _workers.StartAsync();

        worker.Plugin.Print("no line end");
        worker.Plugin.PrintError(new string('e', 100_000));
        worker.Plugin.Flood(20_000_000, lines: true);
        worker.Plugin.Flood(20_000_000, lines: false);

        Assert.Equal(3, worker.Plugin.Add(1, 2));
        await _workers.Logger.WaitForAsync(e => e.Message.Contains("no line end"));
    }

    [Fact]
    public async Task Logs_arrive_as_structured_events()
    {
        FixtureWorker worker = await _workers.StartAsync();

        worker.Plugin.Log("Ada", 7);

        LoggedEvent logged = await _workers.Logger.WaitForAsync(e => e.Id.Id == 42);
        Assert.Equal(("Hello Ada, number 7", LogLevel.Warning), (logged.Message, logged.Level));
        Assert.Equal(("Ada", 7L, "Hello {Name}, number {Number}"), (logged["Name"], logged["Number"], logged["{OriginalFormat}"]));
        Assert.StartsWith("System.InvalidOperationException: seen on the way", logged.Exception);
    }

    [Fact]
    public async Task A_stop_disposes_the_plugin_and_leaves_nothing()
    {
        FixtureWorker worker = await _workers.StartAsync();

        UnloadResult result = await worker.Instance.StopAsync(TimeSpan.FromSeconds(5), CancellationToken.None);

        Assert.Equal((UnloadOutcome.Unloaded, 0), (result.Outcome, result.AbandonedCalls));
        Assert.True(File.Exists(Path.Combine(_workers.Data, "disposed")));
        Assert.False(Eventually.IsRunning(worker.Pid));
        Assert.False(worker.Instance.Died.IsCompleted);
        Assert.Throws<PluginUnavailableException>(() => worker.Plugin.Add(1, 1));
    }

    [Fact]
    public async Task A_plugin_that_does_not_stop_is_taken_down_in_stages()
    {
        _workers.Options = _workers.Options with { StopGrace = TimeSpan.FromMilliseconds(200), TerminateGrace = TimeSpan.FromMilliseconds(200) };
        FixtureWorker worker = await _workers.StartAsync("""{"stop":"never"}""");
        string marker = Path.Combine(_workers.Data, "hanging");
        Task hanging = worker.Plugin.HangAsync(marker, CancellationToken.None);
        Eventually.True(() => File.Exists(marker), "The call did not begin.");

        await worker.Instance.StopAsync(TimeSpan.FromMilliseconds(100), CancellationToken.None);

        await Assert.ThrowsAsync<PluginUnavailableException>(() => hanging);
        Assert.False(Eventually.IsRunning(worker.Pid));
        Assert.False(worker.Instance.Died.IsCompleted);
    }

    private void Die(FixtureWorker worker, string death)
    {
        switch (death)
        {
            case "exit 0":
                worker.Plugin.Exit(0);
                break;
            case "exit 3":
                worker.Plugin.Exit(3);
                break;
            case "fail fast":
                worker.Plugin.FailFast("no more of this");
                break;
            case "stack overflow":
                worker.Plugin.StackOverflow(0);
                break;
            case "thread":
                worker.Plugin.ThrowOnThread("on a thread");
                break;
            case "async void":
                worker.Plugin.ThrowAsyncVoid("in async void");
                break;
            default:
                // Inside before the kill: the death is known so soon that a call behind it may not be sent any more.
                string inside = Path.Combine(_workers.Data, "inside");
                Task call = worker.Plugin.WaitAsync(inside, CancellationToken.None);
                Eventually.True(() => File.Exists(inside + ".began"), "The second call did not begin.");
                Assert.Equal(0, Libc.kill(worker.Pid, Signals.Kill));
                call.GetAwaiter().GetResult();
                break;
        }
    }
}

/// <summary>Carries calls to a worker in which they have no place, as those of a plugin that calls itself.</summary>
internal sealed class WithoutPlace(WorkerInstance instance) : IInvoker
{
    public TResult Invoke<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult> => instance.Call<TCall, TResult>(call, Shell.Long, CallPlace.Free, cancellationToken);

    public ValueTask<TResult> InvokeAsync<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult> => instance.CallAsync<TCall, TResult>(call, Shell.Long, CallPlace.Free, null, 0, cancellationToken);

    public async ValueTask InvokeVoidAsync<TCall>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<NoResult> => await InvokeAsync<TCall, NoResult>(call, cancellationToken);
}
