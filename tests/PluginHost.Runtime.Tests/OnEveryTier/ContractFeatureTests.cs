using System.Collections.Concurrent;
using System.Diagnostics;
using Fixtures.Features.Contract;
using PluginHost.Contracts.Faults;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Tests.OnEveryTier;

/// <summary>What progress, sequences and objects of contracts do, whatever the tier and the codec. One subclass each.</summary>
public abstract partial class ContractFeatureTests : IAsyncLifetime
{
    private const string Id = SampleHost.Features;
    private SampleHost _host = null!;

    private protected abstract Task<SampleHost> StartAsync(TimeSpan? drain, SpareMode spare = SpareMode.Warm);

    private IFeatures Features => _host.Runtime.Get<IFeatures>(Id);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    // What a test leaves open is not waited for long when its host ends. Nothing starts again there, so nothing needs a spare.
    public async ValueTask InitializeAsync() => _host = await StartAsync(TimeSpan.FromMilliseconds(200), SpareMode.None);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Reports_of_progress_arrive_in_order_and_none_is_needed()
    {
        Reports<int> reports = new();
        Reports<Line> lines = new();

        Assert.Equal(300, await Features.CountAsync(300, reports, Cancelled));
        Assert.Equal(5, await Features.CountAsync(5, null, Cancelled));
        Assert.Equal(3, Features.CountNow(3, lines));

        await UntilAsync(() => reports.Count == 300 && lines.Count == 3);
        Assert.Equal(Enumerable.Range(1, 300), reports.All);
        Assert.Equal(["line 1", "line 2", "line 3"], lines.All.Select(l => l.Text));
    }

    [Fact]
    public async Task A_flood_of_reports_holds_nobody_up_and_keeps_its_order()
    {
        using SemaphoreSlim gate = new(0);
        Reports<int> reports = new(gate);

        Task<int> call = Features.CountAsync(50_000, reports, Cancelled);
        gate.Release(100_000);

        Assert.Equal(50_000, await call);
        await UntilAsync(() => reports.Count > 0 && reports.All[^1] == 50_000);
        Assert.Equal(reports.All.Order(), reports.All);
    }

    [Fact]
    public async Task A_report_after_the_answer_is_dropped()
    {
        Reports<int> reports = new();

        await Features.KeepProgressAsync(reports, Cancelled);
        Features.ReportKept(2);
        await Features.CountAsync(1, null, Cancelled);

        await UntilAsync(() => reports.Count == 1);
        Assert.Equal([1], reports.All);
    }

    [Fact]
    public async Task A_sequence_is_asked_for_each_time_it_is_read()
    {
        IAsyncEnumerable<int> numbers = Features.Watch(5, null, Cancelled);

        Assert.Equal(0, Features.Opened());
        Assert.Equal([0, 1, 2, 3, 4], await AllAsync(numbers));
        Assert.Equal([0, 1, 2, 3, 4], await AllAsync(numbers));
        Assert.Equal(2, Features.Opened());
        await UntilAsync(() => Features.Finished() == 2);
    }

    [Fact]
    public async Task A_sequence_in_a_task_is_read_once_and_may_be_none()
    {
        IAsyncEnumerable<Line>? lines = await Features.OpenAsync(3, Cancelled);

        Assert.Equal(["line 0", "line 1", "line 2"], (await AllAsync(lines!)).Select(l => l.Text));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await AllAsync(lines!));
        Assert.Empty(await AllAsync((await Features.OpenAsync(0, Cancelled))!));
        Assert.Null(await Features.OpenAsync(-1, Cancelled));
    }

    [Fact]
    public async Task A_thousand_items_come_in_order()
    {
        Assert.Equal(Enumerable.Range(0, 1000), await AllAsync(Features.Watch(1000, null, Cancelled)));
    }

    [Fact]
    public async Task A_fault_in_mid_sequence_arrives_after_the_items_before_it()
    {
        List<int> read = [];

        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => ReadAsync(Features.Watch(3, "out of paper", Cancelled), read));

        Assert.Equal([0, 1, 2], read);
        Assert.Equal((FaultKind.Exception, Id, "System.InvalidOperationException"), (fault.Kind, fault.PluginId, fault.RemoteType));
        Assert.Contains("out of paper", fault.Message, StringComparison.Ordinal);
        FaultRecord record = Assert.Single(_host.Runtime.Faults);
        Assert.Equal((FaultKind.Exception, "Features.Watch"), (record.Kind, record.Method));
        await UntilAsync(() => Features.Finished() == 1);
    }

    [Fact]
    public async Task A_declared_error_in_mid_sequence_is_rebuilt_and_no_fault()
    {
        List<int> read = [];

        OutOfNumbersException error = await Assert.ThrowsAsync<OutOfNumbersException>(() => ReadAsync(Features.Watch(2, "declared", Cancelled), read));

        Assert.Equal(1, error.Last);
        Assert.Equal([0, 1], read);
        Assert.Empty(_host.Runtime.Faults);
    }

    [Fact]
    public async Task Whoever_stops_reading_ends_the_generator()
    {
        await foreach (int number in Features.Endless(Cancelled))
        {
            if (number == 3)
            {
                break;
            }
        }

        await UntilAsync(() => Features.Finished() == 1);
        Assert.Empty(_host.Runtime.Faults);
    }

    [Fact]
    public async Task A_cancelled_reader_ends_the_generator_in_the_middle_of_a_step()
    {
        using CancellationTokenSource source = new();
        List<int> read = [];
        Task reading = ReadAsync(Features.Stall(int.MaxValue, source.Token), read, () => read.Count == 3 ? source.CancelAsync() : Task.CompletedTask);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);

        await UntilAsync(() => Features.Finished() == 1);
        Assert.Empty(_host.Runtime.Faults);
    }

    [Fact]
    public async Task A_reader_cancels_by_its_own_token_too()
    {
        using CancellationTokenSource source = new();
        await using IAsyncEnumerator<int> reader = Features.Endless(CancellationToken.None).GetAsyncEnumerator(source.Token);
        Assert.True(await reader.MoveNextAsync());

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            while (await reader.MoveNextAsync())
            {
                // Until the token is seen.
            }
        });
        await UntilAsync(() => Features.Finished() == 1);
    }

    [Fact]
    public async Task A_step_over_the_methods_time_ends_the_sequence()
    {
        List<int> read = [];

        PluginTimeoutException timeout = await Assert.ThrowsAsync<PluginTimeoutException>(() => ReadAsync(Features.Stall(2, Cancelled), read));

        Assert.Equal([0, 1], read);
        Assert.Equal(FaultKind.Timeout, timeout.Kind);
        await UntilAsync(() => Features.Finished() == 1);
    }

    [Fact]
    public async Task A_sequence_argument_is_read_to_its_end_or_as_far_as_is_wanted()
    {
        Generator generator = new();

        Assert.Equal(4950, await Features.SumAsync(generator.Numbers(100), Cancelled));
        Assert.Equal(-1, await Features.SumAsync(null, Cancelled));
        Assert.Equal("a0 a1 a2", await Features.TakeAsync(generator.Lines("a"), 3, Cancelled));

        await UntilAsync(() => generator.Finished == 2);
    }

    [Fact]
    public async Task A_sequence_argument_that_throws_fails_the_call_with_its_message()
    {
        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => Features.SumAsync(new Generator().Broken("no numbers today"), Cancelled));

        Assert.Contains("no numbers today", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_object_is_called_as_its_contract_says()
    {
        ISession session = await Features.OpenSessionAsync("ann", Cancelled);

        Assert.Equal("ann greets bob", await session.GreetAsync("bob", Cancelled));
        Assert.Equal((1, 2, 3), (session.Next(), session.Next(), session.Next()));
        Assert.Equal(3, Assert.Throws<OutOfNumbersException>(() => session.Next()).Last);
        Assert.Equal(["ann0", "ann1"], await AllAsync(session.Words(2, Cancelled)));
        ISession fork = await session.ForkAsync(Cancelled);
        Assert.Equal("ann' greets bob", await fork.GreetAsync("bob", Cancelled));
        Assert.Null(Features.FindSession("nobody"));
        Assert.Equal("ann greets eve", await Features.FindSession("ann")!.GreetAsync("eve", Cancelled));
        Assert.Empty(_host.Runtime.Faults);
    }

    [Fact]
    public async Task An_object_goes_back_to_its_owner_as_itself()
    {
        ISession session = await Features.OpenSessionAsync("ann", Cancelled);
        Listener listener = new();
        Features.Keep(listener);

        Assert.True(await Features.IsMineAsync(session, Cancelled));
        Assert.False(await Features.IsMineAsync(new StrangeSession(), Cancelled));
        Assert.Same(listener, await Features.GiveBackAsync(Cancelled));
        Features.Keep(null);
        Assert.Null(await Features.GiveBackAsync(Cancelled));
    }

    [Fact]
    public async Task A_released_object_is_disposed_once_and_takes_no_more_calls()
    {
        ISession session = await Features.OpenSessionAsync("ann", Cancelled);
        ISession other = await Features.OpenSessionAsync("bob", Cancelled);

        await session.DisposeAsync();
        await session.DisposeAsync();

        await UntilAsync(() => Features.DisposedSessions() == 1);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => session.GreetAsync("eve", Cancelled));
        Assert.Equal("bob greets eve", await other.GreetAsync("eve", Cancelled));
        Assert.Equal(1, Features.DisposedSessions());
    }

    [Fact]
    public async Task An_object_of_the_application_is_called_during_the_call_and_after_it()
    {
        Listener listener = new();

        Assert.Equal("1: who?", await Features.AskAsync(listener, "who?", Cancelled));
        Features.Keep(listener);
        Assert.Equal("2: where?", await Features.AskKeptAsync("where?", Cancelled));
    }

    [Fact]
    public async Task A_call_scoped_object_is_called_during_its_call_only()
    {
        Listener listener = new();

        Assert.Equal("1: now?", await Features.AskOnceAsync(listener, "now?", Cancelled));
        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => Features.AskKeptAsync("still?", Cancelled));

        Assert.Equal(typeof(PluginUnavailableException).FullName, fault.RemoteType);
        Assert.Equal(["now?"], listener.Questions);
    }

    [Fact]
    public async Task What_an_object_of_the_application_throws_fails_the_plugins_call()
    {
        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => Features.AskAsync(new Listener(), "throw", Cancelled));

        Assert.Contains("asked too much", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_waits_for_what_is_open_and_then_ends_it_as_unavailable()
    {
        await using SampleHost host = await StartAsync(TimeSpan.FromMilliseconds(300));
        IFeatures features = host.Runtime.Get<IFeatures>(Id);
        await using IAsyncEnumerator<int> reader = features.Watch(1000, null, Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await reader.MoveNextAsync());
        Task stalled = AllAsync(features.Endless(Cancelled));
        ISession session = await features.OpenSessionAsync("ann", Cancelled);

        await host.Runtime.RestartAsync(Id);

        await Assert.ThrowsAsync<PluginUnavailableException>(async () =>
        {
            while (await reader.MoveNextAsync())
            {
                // What was read ahead may still come.
            }
        });
        PluginUnavailableException ended = await Assert.ThrowsAsync<PluginUnavailableException>(() => stalled);
        await Assert.ThrowsAsync<PluginUnavailableException>(() => session.GreetAsync("bob", Cancelled));
        Assert.True(ended.IsRetryable);
        Assert.Equal([0, 1], await AllAsync(features.Watch(2, null, Cancelled)));
        Assert.Equal("ann greets bob", await (await features.OpenSessionAsync("ann", Cancelled)).GreetAsync("bob", Cancelled));
    }

    [Fact]
    public async Task A_stop_with_nothing_open_waits_for_nothing()
    {
        await using SampleHost host = await StartAsync(TimeSpan.FromMinutes(5));
        IFeatures features = host.Runtime.Get<IFeatures>(Id);
        await AllAsync(features.Watch(3, null, Cancelled));
        await using (ISession session = await features.OpenSessionAsync("ann", Cancelled))
        {
            await session.GreetAsync("bob", Cancelled);
        }

        await host.Runtime.StopAsync(Id).WaitAsync(TimeSpan.FromMinutes(1), Cancelled);
    }

    [Fact]
    public async Task A_stop_within_the_drain_lets_open_sequences_and_objects_finish()
    {
        await using SampleHost host = await StartAsync(TimeSpan.FromMinutes(5));
        IFeatures features = host.Runtime.Get<IFeatures>(Id);
        await using IAsyncEnumerator<int> reader = features.Watch(100, null, Cancelled).GetAsyncEnumerator(Cancelled);
        ISession session = await features.OpenSessionAsync("ann", Cancelled);
        Assert.True(await reader.MoveNextAsync());

        Task stopping = host.Runtime.StopAsync(Id);
        await UntilAsync(() => host.Status(Id).State == PluginState.Stopping);

        for (int i = 1; i < 100; i++)
        {
            Assert.True(await reader.MoveNextAsync());
            Assert.Equal(i, reader.Current);
        }

        Assert.False(await reader.MoveNextAsync());
        Assert.Equal("ann greets bob", await session.GreetAsync("bob", Cancelled));
        Assert.False(stopping.IsCompleted);
        await session.DisposeAsync();
        await stopping.WaitAsync(TimeSpan.FromMinutes(1), Cancelled);
    }

    private protected static async Task<List<T>> AllAsync<T>(IAsyncEnumerable<T> sequence)
    {
        List<T> all = [];
        await ReadAsync(sequence, all);
        return all;
    }

    private protected static async Task ReadAsync<T>(IAsyncEnumerable<T> sequence, List<T> read, Func<Task>? each = null)
    {
        await foreach (T item in sequence)
        {
            read.Add(item);
            await (each?.Invoke() ?? Task.CompletedTask);
        }
    }

    internal static async Task UntilAsync(Func<bool> condition)
    {
        long began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "It has not come true for 30 s.");
            Cancelled.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private sealed class Reports<T>(SemaphoreSlim? gate = null) : IProgress<T>
    {
        private readonly ConcurrentQueue<T> _all = new();

        public IReadOnlyList<T> All => [.. _all];

        public int Count => _all.Count;

        public void Report(T value)
        {
            gate?.Wait(Cancelled);
            _all.Enqueue(value);
        }
    }

    private sealed class Generator
    {
        private int _finished;

        public int Finished => Volatile.Read(ref _finished);

        public async IAsyncEnumerable<int> Numbers(int count)
        {
            try
            {
                for (int i = 0; i < count; i++)
                {
                    await Task.Yield();
                    yield return i;
                }
            }
            finally
            {
                Interlocked.Increment(ref _finished);
            }
        }

        public async IAsyncEnumerable<Line> Lines(string text)
        {
            try
            {
                for (int i = 0; ; i++)
                {
                    await Task.Yield();
                    yield return new Line(i, $"{text}{i}");
                }
            }
            finally
            {
                Interlocked.Increment(ref _finished);
            }
        }

        public async IAsyncEnumerable<int> Broken(string message)
        {
            yield return 1;
            await Task.Yield();
            throw new InvalidOperationException(message);
        }
    }

    private sealed class Listener : IListener
    {
        private readonly ConcurrentQueue<string> _questions = new();

        public IReadOnlyCollection<string> Questions => [.. _questions];

        public IAsyncEnumerable<int>? Heard { get; private set; }

        public Task<int> HearAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken)
        {
            Heard = numbers;
            return Task.FromResult(0);
        }

        public async Task<string> AskAsync(string question, CancellationToken cancellationToken)
        {
            await Task.Yield();
            _questions.Enqueue(question);
            return question == "throw" ? throw new NotSupportedException("asked too much") : $"{_questions.Count}: {question}";
        }
    }

    private sealed class StrangeSession : ISession
    {
        public Task<string> GreetAsync(string guest, CancellationToken cancellationToken) => Task.FromResult("?");

        public int Next() => 0;

        public IAsyncEnumerable<string> Words(int count, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<ISession> ForkAsync(CancellationToken cancellationToken) => new(this);

        public Task WaitAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Fail(string message) => throw new InvalidOperationException(message);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

public sealed class InProcessContractFeatureTests : ContractFeatureTests
{
    private protected override Task<SampleHost> StartAsync(TimeSpan? drain, SpareMode spare = SpareMode.Warm) =>
        SampleHost.StartFeaturesAsync(PluginTier.InProcess, drain: drain, spare: spare);
}

public sealed class InProcessRoundTripContractFeatureTests : ContractFeatureTests
{
    private protected override Task<SampleHost> StartAsync(TimeSpan? drain, SpareMode spare = SpareMode.Warm) =>
        SampleHost.StartFeaturesAsync(PluginTier.InProcess, roundTrip: true, drain: drain, spare: spare);
}

public sealed class ProcessMessagePackContractFeatureTests : ContractFeatureTests
{
    private protected override Task<SampleHost> StartAsync(TimeSpan? drain, SpareMode spare = SpareMode.Warm) =>
        SampleHost.StartFeaturesAsync(PluginTier.Process, RpcCodec.MessagePack, drain: drain, spare: spare);
}

public sealed class ProcessJsonContractFeatureTests : ContractFeatureTests
{
    private protected override Task<SampleHost> StartAsync(TimeSpan? drain, SpareMode spare = SpareMode.Warm) =>
        SampleHost.StartFeaturesAsync(PluginTier.Process, RpcCodec.Json, drain: drain, spare: spare);
}

public sealed class ProcessRingContractFeatureTests : ContractFeatureTests
{
    private protected override Task<SampleHost> StartAsync(TimeSpan? drain, SpareMode spare = SpareMode.Warm) =>
        SampleHost.StartFeaturesAsync(PluginTier.Process, RpcCodec.MessagePack, drain: drain, transport: WorkerTransport.Ring, spare: spare);
}
