using System.Diagnostics;
using PluginHost.Contracts.Faults;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests.OnEveryTier;

/// <summary>What a call does, whatever the tier and the codec. One subclass each.</summary>
public abstract class CallTests : IAsyncDisposable
{
    private const string Calculator = "samples.calculator";
    private const string Notes = "samples.notes";
    private const string Faulty = "samples.faulty";
    private SampleHost? _host;

    private protected abstract Task<SampleHost> StartAsync(TimeSpan? callTimeout, params string[] ids);

    protected abstract PluginTier Tier { get; }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private SampleHost Host => _host!;

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Results_come_back_from_every_kind_of_method()
    {
        ICalculator calculator = await StartAsync<ICalculator>(Calculator);

        Assert.Equal(5, calculator.Add(2, 3));
        Assert.Equal(7, await calculator.AddAsync(3, 4, Cancelled));
        Assert.Equal(6.5, await calculator.SumAsync([1.5, 2, 3], Cancelled));
        Assert.Equal(2, calculator.Mean([1, 2, 3]));
        Assert.Equal(Tier, Host.Status(Calculator).Tier);
    }

    [Fact]
    public async Task Data_survives_the_way_there_and_back()
    {
        INotes notes = await StartAsync<INotes>(Notes);
        string text = "line\n\"quoted\" é€😀 \u0001 \\";

        await notes.PutAsync("a/b ä", text, Cancelled);
        Note note = await notes.GetAsync("a/b ä", Cancelled);
        IReadOnlyList<string> keys = await notes.ListAsync(null, Cancelled);

        Assert.Equal(("a/b ä", text), (note.Key, note.Text));
        Assert.Equal(["a/b ä"], keys);
        Assert.StartsWith("System.", keys.GetType().FullName, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_declared_error_arrives_as_its_own_type_with_its_data_and_is_no_fault()
    {
        INotes notes = await StartAsync<INotes>(Notes);

        NoteNotFoundException error = await Assert.ThrowsAsync<NoteNotFoundException>(() => notes.GetAsync("nothing", Cancelled));

        Assert.Equal("nothing", error.Key);
        MethodStats stats = Method(Notes, "Notes.Get");
        Assert.Equal((1, 1, 0), (stats.Calls, stats.Errors, stats.Faults));
        Assert.Empty(Host.Runtime.Faults);
    }

    [Fact]
    public async Task An_undeclared_exception_arrives_as_a_fault_with_type_message_and_stack_as_text()
    {
        IFaulty faulty = await StartAsync<IFaulty>(Faulty);

        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => faulty.ThrowAsync("out of paper"));

        Assert.Equal((FaultKind.Exception, Faulty, 1), (fault.Kind, fault.PluginId, fault.Generation));
        Assert.Contains("out of paper", fault.Message, StringComparison.Ordinal);
        Assert.Equal("System.InvalidOperationException", fault.RemoteType);
        Assert.Contains("Throw", fault.RemoteStack, StringComparison.Ordinal);
        Assert.Null(fault.InnerException);
        Assert.Equal("still here", faulty.Echo("still here"));
        FaultRecord record = Assert.Single(Host.Runtime.Faults);
        Assert.Equal((FaultKind.Exception, (PluginTier?)Tier, "Faulty.Throw"), (record.Kind, record.Tier, record.Method));
    }

    [Fact]
    public async Task A_synchronous_throw_is_the_same_fault()
    {
        IFaulty faulty = await StartAsync<IFaulty>(Faulty);

        PluginFaultException fault = Assert.Throws<PluginFaultException>(() => faulty.ThrowNow("at once"));

        Assert.Equal(FaultKind.Exception, fault.Kind);
    }

    [Fact]
    public async Task A_cancellation_that_nobody_asked_for_is_a_fault()
    {
        IFaulty faulty = await StartAsync<IFaulty>(Faulty);

        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => faulty.CancelUnaskedAsync());

        Assert.Equal(FaultKind.UnrequestedCancellation, fault.Kind);
    }

    [Fact]
    public async Task A_callers_cancellation_ends_the_call_and_the_plugins_work()
    {
        IFaulty faulty = await StartAsync<IFaulty>(Faulty);
        using CancellationTokenSource source = new();
        Task call = faulty.SleepAsync(60_000, source.Token);
        await UntilAsync(() => faulty.StartedCalls() == 1);

        await source.CancelAsync();

        OperationCanceledException cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(source.Token, cancelled.CancellationToken);
        await UntilAsync(() => faulty.StoppedCalls() == 1);
        Assert.Empty(Host.Runtime.Faults);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_never_reaches_the_plugin()
    {
        IFaulty faulty = await StartAsync<IFaulty>(Faulty);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => faulty.SleepAsync(60_000, new CancellationToken(canceled: true)));

        Assert.Equal(0, faulty.StartedCalls() - faulty.StoppedCalls());
    }

    [Fact]
    public async Task A_call_over_its_time_ends_as_a_time_out_and_the_plugins_work_is_stopped()
    {
        await using SampleHost host = await StartAsync(TimeSpan.FromMilliseconds(300), Faulty);
        IFaulty faulty = host.Runtime.Get<IFaulty>(Faulty);

        PluginTimeoutException timeout = await Assert.ThrowsAsync<PluginTimeoutException>(() => faulty.SleepAsync(60_000, CancellationToken.None));

        Assert.Equal(FaultKind.Timeout, timeout.Kind);
        await UntilAsync(() => faulty.StoppedCalls() == 1);
        Assert.Equal(FaultKind.Timeout, Assert.Single(host.Runtime.Faults).Kind);
    }

    [Fact]
    public async Task Sixty_four_calls_at_once_each_get_their_own_answer()
    {
        ICalculator calculator = await StartAsync<ICalculator>(Calculator);

        int[] sums = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => calculator.AddAsync(i, 1000, Cancelled).AsTask()));

        Assert.Equal(Enumerable.Range(1000, 64), sums);
    }

    [Fact]
    public async Task A_restart_is_invisible_to_who_holds_the_contract()
    {
        INotes notes = await StartAsync<INotes>(Notes);
        await notes.PutAsync("kept", "over restarts", Cancelled);

        await Host.Runtime.RestartAsync(Notes);

        Assert.Equal("over restarts", (await notes.GetAsync("kept", Cancelled)).Text);
        Assert.Equal((PluginState.Ready, 2), (Host.Status(Notes).State, Host.Status(Notes).Generation));
    }

    [Fact]
    public async Task A_stopped_plugin_says_so_and_serves_again_once_started()
    {
        ICalculator calculator = await StartAsync<ICalculator>(Calculator);
        await Host.Runtime.StopAsync(Calculator);

        PluginUnavailableException unavailable = Assert.Throws<PluginUnavailableException>(() => calculator.Add(1, 2));
        await Host.Runtime.StartAsync(Calculator);

        Assert.Contains("stopped", unavailable.Message, StringComparison.Ordinal);
        Assert.Equal(3, calculator.Add(1, 2));
    }

    [Fact]
    public async Task Counts_are_exact_in_one_schema()
    {
        ICalculator calculator = await StartAsync<ICalculator>(Calculator);
        for (int i = 0; i < 100; i++)
        {
            await calculator.AddAsync(i, i, Cancelled);
        }

        for (int i = 0; i < 3; i++)
        {
            Assert.Throws<NoValuesException>(() => calculator.Mean([]));
        }

        MethodStats add = Method(Calculator, "Calculator.Add");
        MethodStats mean = Method(Calculator, "Calculator.Mean");
        Assert.Equal((100, 100, 0, 0), (add.Calls, add.Ok, add.Errors, add.InFlight));
        Assert.Equal((3, 0, 3, 0), (mean.Calls, mean.Ok, mean.Errors, mean.InFlight));
    }

    [Fact]
    public async Task A_call_by_name_takes_and_gives_json()
    {
        await StartAsync<ICalculator>(Calculator);

        Assert.Equal("42", await Host.Runtime.CallJsonAsync(Calculator, "Calculator.Add", "[40, 2]", Cancelled));
        Assert.Equal("42", await Host.Runtime.CallJsonAsync(Calculator, "Calculator.AddAsync", """{ "b": 2, "a": 40 }""", Cancelled));

        FormatException wrong = await Assert.ThrowsAsync<FormatException>(
            async () => await Host.Runtime.CallJsonAsync(Calculator, "Calculator.Add", """["x", 2]""", Cancelled));
        KeyNotFoundException unknown = await Assert.ThrowsAsync<KeyNotFoundException>(
            async () => await Host.Runtime.CallJsonAsync(Calculator, "Calculator.Nope", "[]", Cancelled));

        Assert.Contains("Calculator.Add", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("Calculator.Mean", unknown.Message, StringComparison.Ordinal);
    }

    /// <summary>Starts one sample in the test's own host.</summary>
    private async Task<T> StartAsync<T>(string id)
        where T : class
    {
        _host = await StartAsync(TimeSpan.FromSeconds(20), id);
        return _host.Runtime.Get<T>(id);
    }

    private MethodStats Method(string plugin, string method) =>
        Host.Runtime.Stats.Plugins.Single(p => p.Id == plugin && p.Tier == Tier).Methods.Single(m => m.Method == method);

    private static async Task UntilAsync(Func<bool> condition)
    {
        long began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "It has not come true for 30 s.");
            Cancelled.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}

public sealed class InProcessCallTests : CallTests
{
    protected override PluginTier Tier => PluginTier.InProcess;

    private protected override Task<SampleHost> StartAsync(TimeSpan? callTimeout, params string[] ids) =>
        SampleHost.StartAsync(PluginTier.InProcess, callTimeout: callTimeout, ids: ids);
}

public sealed class InProcessRoundTripCallTests : CallTests
{
    protected override PluginTier Tier => PluginTier.InProcess;

    private protected override Task<SampleHost> StartAsync(TimeSpan? callTimeout, params string[] ids) =>
        SampleHost.StartAsync(PluginTier.InProcess, roundTrip: true, callTimeout: callTimeout, ids: ids);
}

public sealed class ProcessMessagePackCallTests : CallTests
{
    protected override PluginTier Tier => PluginTier.Process;

    private protected override Task<SampleHost> StartAsync(TimeSpan? callTimeout, params string[] ids) =>
        SampleHost.StartAsync(PluginTier.Process, RpcCodec.MessagePack, callTimeout: callTimeout, ids: ids);
}

public sealed class ProcessJsonCallTests : CallTests
{
    protected override PluginTier Tier => PluginTier.Process;

    private protected override Task<SampleHost> StartAsync(TimeSpan? callTimeout, params string[] ids) =>
        SampleHost.StartAsync(PluginTier.Process, RpcCodec.Json, callTimeout: callTimeout, ids: ids);
}
