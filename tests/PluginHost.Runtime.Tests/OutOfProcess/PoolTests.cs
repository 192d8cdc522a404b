using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Fixtures.Features.Contract;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.OutOfProcess;

/// <summary>Several real workers of one plugin: how calls are shared, and what the death of one costs.</summary>
public sealed class PoolTests : IAsyncDisposable
{
    private const string Id = SampleHost.Features;
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);
    private SampleHost? _host;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private PluginRuntime Runtime => _host!.Runtime;

    private IPooled Pooled => Runtime.Get<IPooled>(Id);

    private PluginStatus Status => _host!.Status(Id);

    [Fact]
    public async Task Calls_at_once_are_shared_by_all_workers_and_one_after_the_other_goes_to_the_first()
    {
        await StartAsync(workers: 3);

        int[] together = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Pooled.ServeAsync(200, Cancelled)));
        int[] alone = [Pooled.ProcessId(), Pooled.ProcessId(), Pooled.ProcessId()];

        int[] pids = [.. Status.Workers.Select(w => w.Pid!.Value)];
        Assert.Equal(pids.Order().SelectMany(p => new[] { p, p }), together.Order());
        Assert.All(alone, pid => Assert.Equal(pids[0], pid));
        Assert.Equal([1, 2, 3], Status.Workers.Select(w => w.Number));
        Assert.Null(Status.WorkerPid);
        Assert.Contains(Status.Reasons, r => r.Contains("3 workers run it", StringComparison.Ordinal));
        Assert.DoesNotContain(Status.Reasons, r => r.Contains("not in effect", StringComparison.Ordinal) && r.Contains("workers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Workers_killed_under_load_take_their_own_calls_and_every_call_is_accounted_for()
    {
        const int Kills = 4;
        await StartAsync(workers: 3);
        using CancellationTokenSource enough = new();
        ConcurrentQueue<PluginException> failed = new();
        int[] answered = new int[6];
        Task[] senders =
        [
            .. Enumerable.Range(0, answered.Length).Select(sender => Task.Run(async () =>
            {
                while (!enough.IsCancellationRequested)
                {
                    try
                    {
                        await (sender % 2 == 0 ? Pooled.ServeAgainAsync(5, CancellationToken.None) : Pooled.ServeAsync(5, CancellationToken.None));
                        Interlocked.Increment(ref answered[sender]);
                    }
                    catch (PluginException lost) when (sender % 2 == 1)
                    {
                        failed.Enqueue(lost);
                    }
                }
            })),
        ];

        for (int kill = 0; kill < Kills; kill++)
        {
            // Whoever was hit before has been answered since: a call is tried again once, and not after that.
            int[] before = [.. answered];
            await UntilAsync(() => Runtime.Faults.Count == kill && Enumerable.Range(0, 6).All(s => Volatile.Read(ref answered[s]) > before[s] + 1));
            await Runtime.ResetAsync(Id);
            await UntilAsync(() => Status.Workers.All(w => w.State == WorkerState.Ready));
            Kill(Status.Workers[kill % 3].Pid!.Value);
        }

        await UntilAsync(() => Runtime.Faults.Count == Kills && Runtime.Restarts.Count == Kills);
        await enough.CancelAsync();
        await Task.WhenAll(senders);

        HashSet<string?> records = [.. Runtime.Faults.Select(f => f.Id)];
        Assert.All(Runtime.Faults, f => Assert.Equal((FaultKind.Signal, "SIGKILL", 1), (f.Kind, f.Signal, f.Generation)));
        Assert.All(failed, lost => Assert.Contains(lost.FaultId, records));
        Assert.InRange(failed.Count, 0, Kills * 3);
        Assert.True(Runtime.Faults.Sum(f => f.CallsInFlight) >= failed.Count);
        Assert.Equal((1, PluginState.Ready), (Status.Generation, Status.State));
        Assert.Equal(Kills, Runtime.Restarts.Count(r => r.Cause == "Signal"));
    }

    [Fact]
    public async Task A_death_fails_only_the_calls_of_that_worker()
    {
        await StartAsync(workers: 2);
        Task<int>[] calls = [.. Enumerable.Range(0, 4).Select(_ => Pooled.ServeAsync(700, Cancelled))];
        int dying = Status.Workers[1].Pid!.Value;

        Kill(dying);

        List<Exception> faults = [];
        List<int> pids = [];
        foreach (Task<int> call in calls)
        {
            try
            {
                pids.Add(await call);
            }
            catch (PluginFaultException fault)
            {
                faults.Add(fault);
            }
        }

        int other = Status.Workers[0].Pid!.Value;
        Assert.Equal([other, other], pids);
        Assert.Equal(2, faults.Count);
        FaultRecord record = Assert.Single(Runtime.Faults);
        Assert.Equal((dying, 2), (record.WorkerPid, record.CallsInFlight));
        await UntilAsync(() => Status.Workers[1].State == WorkerState.Ready);
        Assert.NotEqual(dying, Status.Workers[1].Pid);
    }

    [Fact]
    public async Task Past_its_budget_a_place_stays_empty_and_only_with_the_last_worker_the_plugin_is_quarantined()
    {
        await StartAsync(workers: 2, change: json => json["restart"] = new JsonObject { ["limit"] = 1 });
        Kill(Status.Workers[0].Pid!.Value);
        await UntilAsync(() => Status.Workers[0].State == WorkerState.Ready && Runtime.Restarts.Count == 1);

        Kill(Status.Workers[0].Pid!.Value);
        await UntilAsync(() => Status.Workers[0].State == WorkerState.GivenUp);
        PluginStatus reduced = Status;
        int served = Pooled.ProcessId();
        int[] ofKeys = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Pooled.OfKeyAsync($"key {i}", Cancelled)));
        Kill(reduced.Workers[1].Pid!.Value);
        await UntilAsync(() => Status.State == PluginState.Quarantined);
        PluginStatus quarantined = Status;
        await Runtime.ResetAsync(Id);

        Assert.Equal(PluginState.Ready, reduced.State);
        Assert.Contains(reduced.Reasons, r => r.StartsWith("1 of 2 workers take calls.", StringComparison.Ordinal) && r.Contains("restart.limit is 1", StringComparison.Ordinal));
        Assert.Equal(reduced.Workers[1].Pid, served);
        Assert.All(ofKeys, pid => Assert.Equal(served, pid));
        Assert.Contains(quarantined.Reasons, r => r.Contains("restart.limit is 1", StringComparison.Ordinal));
        Assert.Equal(3, Runtime.Faults.Count);
        Assert.Equal((PluginState.Ready, 2, 2), (Status.State, Status.Generation, Status.Workers.Count(w => w.State == WorkerState.Ready)));
    }

    [Fact]
    public async Task When_all_full_calls_wait_within_their_time_and_beyond_the_queue_they_are_turned_away()
    {
        await StartAsync(workers: 2, change: json => json["limits"] = new JsonObject { ["concurrency"] = 1, ["queue"] = 1 });
        using CancellationTokenSource done = new();
        Task<int>[] inside = [Pooled.ServeAsync(60_000, done.Token), Pooled.ServeAsync(60_000, done.Token)];

        PluginTimeoutException late = await Assert.ThrowsAsync<PluginTimeoutException>(() => Pooled.ServeSoonAsync(1, Cancelled));
        Task<int> waiting = Pooled.ServeAsync(1, Cancelled);
        PluginUnavailableException full = await Assert.ThrowsAsync<PluginUnavailableException>(() => Pooled.ServeAsync(1, Cancelled));
        PluginUnavailableException blocked = Assert.Throws<PluginUnavailableException>(() => Pooled.ProcessId());
        await done.CancelAsync();

        Assert.Contains("still waiting to be sent", late.Message, StringComparison.Ordinal);
        Assert.Equal((FaultKind.LimitExceeded, "limits.queue", true), (full.Kind, full.Fault.Limit, full.IsRetryable));
        Assert.Contains("limits.concurrency (1)", full.Message, StringComparison.Ordinal);
        Assert.Contains("limits.queue (1)", full.Message, StringComparison.Ordinal);
        Assert.Equal("limits.queue", blocked.Fault.Limit);
        Assert.Contains(await waiting, Status.Workers.Select(w => w.Pid!.Value));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(inside));
        await UntilAsync(() => Status.Workers.All(w => w.InFlight == 0));
        Assert.InRange(Pooled.ProcessId(), 1, int.MaxValue);
    }

    [Fact]
    public async Task A_call_has_its_time_once_however_long_of_it_it_waited()
    {
        await StartAsync(workers: 2, change: json => json["limits"] = new JsonObject { ["concurrency"] = 1 });
        using CancellationTokenSource done = new();
        Task<int>[] inside = [Pooled.ServeAsync(60_000, done.Token), Pooled.ServeAsync(60_000, done.Token)];

        // It has 300 ms and takes 250: it would have been in time, had it not waited before.
        Task<int> late = Pooled.ServeSoonAsync(250, Cancelled);
        await Task.Delay(150, Cancelled);
        await done.CancelAsync();

        await Assert.ThrowsAsync<PluginTimeoutException>(() => late);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(inside));
    }

    [Fact]
    public async Task A_key_stays_with_its_worker_and_waits_for_the_one_that_takes_its_place()
    {
        await StartAsync(workers: 3);
        string[] keys = [.. Enumerable.Range(0, 12).Select(i => $"key {i}")];
        Dictionary<string, int> homes = [];
        foreach (string key in keys)
        {
            homes[key] = await Pooled.OfKeyAsync(key, Cancelled);
        }

        int[] again = await Task.WhenAll(keys.Concat(keys).Select(key => Pooled.OfKeyAsync(key, Cancelled)));
        Guid own = Guid.NewGuid();
        string text = Pooled.Append(own, "a") + Pooled.Append(own, "b") + Pooled.Append(own, "c");
        WorkerStatus dying = Status.Workers.First(w => homes.ContainsValue(w.Pid!.Value));
        Kill(dying.Pid!.Value);
        Dictionary<string, int> after = [];
        foreach (string key in keys)
        {
            after[key] = await Pooled.OfKeyAsync(key, Cancelled);
        }

        Assert.Equal(keys.Concat(keys).Select(key => homes[key]), again);
        Assert.Equal("aababc", text);
        Assert.True(homes.Values.Distinct().Count() > 1);
        int next = Status.Workers[dying.Number - 1].Pid!.Value;
        Assert.All(keys, key => Assert.Equal(homes[key] == dying.Pid ? next : homes[key], after[key]));
        Assert.Equal(Pooled.OfNumber("x", Shard.South), Pooled.OfNumber("y", Shard.South));
    }

    [Fact]
    public async Task A_call_through_a_pool_allocates_nothing()
    {
        await StartAsync(workers: 3);
        Repeat(200);

        // The time in between is the plugin's, and other threads': only what this one allocates is the call's. A caller that waits may read what else
        // comes in, such as signs of life, so not every round is without; what each call allocated would be in all of them.
        long[] rounds = new long[5];
        for (int round = 0; round < rounds.Length; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Repeat(1000);
            rounds[round] = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.InRange(rounds.Min(), 0, 4000);

        void Repeat(int calls)
        {
            IPooled pooled = Pooled;
            for (int call = 0; call < calls; call++)
            {
                pooled.ProcessId();
                pooled.OfNumber("x", Shard.West);
            }
        }
    }

    [Fact]
    public async Task What_a_worker_handed_out_stays_with_it()
    {
        await StartAsync(workers: 3);
        IFeatures features = Runtime.Get<IFeatures>(Id);
        ISession session = await features.OpenSessionAsync("ann", Cancelled);
        await using IAsyncEnumerator<int> endless = features.Endless(Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await endless.MoveNextAsync());

        // All workers are busy with other things; the first has handed out both.
        Task<int>[] others = [.. Enumerable.Range(0, 6).Select(_ => Pooled.ServeAsync(300, Cancelled))];
        int[] numbers = [session.Next(), session.Next(), session.Next()];
        Assert.True(await endless.MoveNextAsync());
        await Task.WhenAll(others);
        Kill(Status.Workers[1].Pid!.Value);
        string greeting = await session.GreetAsync("bob", Cancelled);
        Assert.True(await endless.MoveNextAsync());
        Kill(Status.Workers[0].Pid!.Value);

        Assert.Equal("ann greets bob", greeting);
        Assert.Equal([numbers[0], numbers[0] + 1, numbers[0] + 2], numbers);
        await UntilAsync(() => Runtime.Faults.Count == 2);
        PluginUnavailableException gone = await Assert.ThrowsAsync<PluginUnavailableException>(() => session.GreetAsync("bob", Cancelled));
        Assert.True(gone.IsRetryable);
        await session.DisposeAsync();
    }

    [Fact]
    public async Task Worn_workers_are_replaced_one_by_one_with_no_call_failed()
    {
        await StartAsync(workers: 2, change: json => json["recycle"] = new JsonObject { ["calls"] = 20 });
        int[] first = [.. Status.Workers.Select(w => w.Pid!.Value)];
        ISession session = await Runtime.Get<IFeatures>(Id).OpenSessionAsync("ann", Cancelled);

        await UnderLoadAsync(() => UntilAsync(() => !Status.Workers.Select(w => w.Pid).OfType<int>().Intersect(first).Any()));

        // Held open, it keeps its worker until the drain is over.
        Assert.Equal("ann greets bob", await session.GreetAsync("bob", Cancelled));
        await session.DisposeAsync();
        Assert.Empty(Runtime.Faults);
        Assert.Equal(1, Status.Generation);
        Assert.Contains(Runtime.Restarts, r => r is { Cause: "recycle.calls", FromGeneration: 1, ToGeneration: 1 });
        await UntilAsync(() => first.All(pid => !ProcessLife.IsAlive(pid)));
    }

    [Fact]
    public async Task A_worker_over_the_hard_limit_on_memory_is_killed_and_replaced_as_one_that_failed()
    {
        await StartAsync(workers: 2, change: json =>
        {
            json["recycle"] = new JsonObject { ["memoryHard"] = "4MiB" };
            json["restart"] = new JsonObject { ["limit"] = 1 };
        });
        int[] first = [.. Status.Workers.Select(w => w.Pid).OfType<int>()];

        await UntilAsync(() => Status.State == PluginState.Quarantined);

        Assert.All(Runtime.Faults, f => Assert.Equal((FaultKind.LimitExceeded, "recycle.memoryHard", "SIGKILL"), (f.Kind, f.Limit, f.Signal)));
        Assert.All(first, pid => Assert.Contains(pid, Runtime.Faults.Select(f => f.WorkerPid)));
        Assert.Contains(Status.Reasons, r => r.Contains("recycle.memoryHard is 4 MiB", StringComparison.Ordinal));
        Assert.All(Runtime.Faults, f => Assert.False(ProcessLife.IsAlive(f.WorkerPid!.Value)));
    }

    [Fact]
    public async Task An_object_of_one_worker_is_called_by_another_through_the_host_and_ends_with_its_own()
    {
        await StartAsync(workers: 2);
        ISession session = await Runtime.Get<IFeatures>(Id).OpenSessionAsync("ann", Cancelled);
        int[] pids = [.. Status.Workers.Select(w => w.Pid!.Value)];
        Task<int> busy = Pooled.ServeAsync(1000, Cancelled);

        Greeting greeting = await Pooled.GreetThroughAsync(session, "bob", Cancelled);
        await busy;
        Greeting own = await Pooled.GreetThroughAsync(session, "bob", Cancelled);
        Kill(pids[0]);
        await UntilAsync(() => Runtime.Faults.Count == 1 && Status.Workers[0].State == WorkerState.Ready);
        PluginException gone = await Assert.ThrowsAnyAsync<PluginException>(() => Pooled.GreetThroughAsync(session, "bob", Cancelled));

        Assert.Equal(("ann greets bob", pids[1]), (greeting.Text, greeting.ProcessId));
        Assert.Equal(("ann greets bob", pids[0]), (own.Text, own.ProcessId));
        Assert.Contains("ended with worker", gone.Message, StringComparison.Ordinal);
        Assert.Equal(2, Status.Workers.Count(w => w.State == WorkerState.Ready));
        await session.DisposeAsync();
    }

    [Fact]
    public async Task A_reload_puts_a_whole_pool_in_the_place_of_another_with_no_call_failed()
    {
        await StartAsync(workers: 2);
        int[] first = [.. Status.Workers.Select(w => w.Pid!.Value)];

        await UnderLoadAsync(() => Runtime.ReloadAsync(Id));

        Assert.Equal((2, 2), (Status.Generation, Status.Workers.Count(w => w.State == WorkerState.Ready)));
        Assert.Empty(Runtime.Faults);
        Assert.All(first, pid => Assert.False(ProcessLife.IsAlive(pid)));
    }

    [Fact]
    public async Task A_hot_spare_of_a_pool_is_one_more_worker_that_takes_the_next_place()
    {
        await StartAsync(workers: 2, spare: SpareMode.Hot);
        await UntilAsync(() => Runtime.Spares.Hot == 1);
        int[] ours = [.. Status.Workers.Select(w => w.Pid!.Value)];

        Kill(ours[1]);
        await UntilAsync(() => Runtime.Restarts.Count == 1);
        int taken = Status.Workers[1].Pid!.Value;
        await UntilAsync(() => Runtime.Spares.Hot == 1);

        Assert.DoesNotContain(taken, ours);
        Assert.Equal(ours[0], Status.Workers[0].Pid);
        Assert.Equal(1, Status.Generation);
    }

    [Fact]
    public async Task All_killed_at_once_come_back_and_a_stop_leaves_no_process()
    {
        await StartAsync(workers: 3);
        int[] first = [.. Status.Workers.Select(w => w.Pid!.Value)];

        Array.ForEach(first, Kill);
        await UntilAsync(() => Runtime.Faults.Count == 3);
        int answer = await Pooled.ServeAsync(1, Cancelled);
        int[] second = [.. Status.Workers.Select(w => w.Pid).OfType<int>()];
        await Runtime.DisposeAsync();

        Assert.DoesNotContain(answer, first);
        Assert.Equal(3, Runtime.Faults.Select(f => f.WorkerPid).Distinct().Count());
        Assert.All(first.Concat(second), pid => Assert.False(ProcessLife.IsAlive(pid)));
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }
    }

    /// <summary>Calls in several flows, none of which may fail, until something else is done.</summary>
    private async Task UnderLoadAsync(Func<Task> act)
    {
        using CancellationTokenSource enough = new();
        Task[] senders =
        [
            .. Enumerable.Range(0, 4).Select(sender => Task.Run(async () =>
            {
                for (int call = 0; !enough.IsCancellationRequested; call++)
                {
                    await (sender % 2 == 0 ? Pooled.ServeAsync(30, CancellationToken.None) : Pooled.OfKeyAsync($"key {call}", CancellationToken.None));
                }
            })),
        ];
        await act();
        await enough.CancelAsync();
        await Task.WhenAll(senders);
    }

    private async Task StartAsync(int workers, Action<JsonNode>? change = null, SpareMode spare = SpareMode.Warm) => _host = await SampleHost.StartAsync(
        PluginTier.Process,
        callTimeout: TimeSpan.FromSeconds(20),
        change: json =>
        {
            json["workers"] = workers;
            change?.Invoke(json);
        },
        spare: spare,
        ids: [Id]);

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (long began = Stopwatch.GetTimestamp(); !condition();)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < s_long, "It did not come to that.");
            await Task.Delay(1, Cancelled);
        }
    }

    private static void Kill(int pid)
    {
        using Process worker = Process.GetProcessById(pid);
        worker.Kill();
    }
}
