using PluginHost.Contracts.Invocation;
using PluginHost.Generators.Tests.Contracts;
using PluginHost.Generators.Tests.Contracts.Generated;
using PluginHost.Generators.Tests.Support;

namespace PluginHost.Generators.Tests.Emitting;

/// <summary>What a guard does around an in-process plugin's methods.</summary>
public sealed class GuardEmitterTests : IDisposable
{
    private readonly RecordingSite _site = new(EverythingContract.Instance);
    private readonly Guard _guard;
    private readonly IEverything _plugin;

    public GuardEmitterTests()
    {
        _guard = EverythingContract.Instance.CreateGuard(_site);
        _plugin = (IEverything)_guard;
    }

    public void Dispose() => _site.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Calls_give_their_results_and_are_counted_in_and_out(bool later)
    {
        _guard.Target = new Echo { CompletesLater = later };

        Assert.Equal(3, _plugin.Add(1, 2));
        _plugin.Nothing();
        await _plugin.RunAsync(default);
        await _plugin.StopAsync(default);
        Assert.Equal(5, await _plugin.FindAsync(5, default));
        Assert.Equal(Samples.Texts, await _plugin.EchoTextsAsync(Samples.Texts, default));
        Assert.Equal(4, _plugin.Waits(4, default));

        Assert.All(Enumerable.Range(0, EverythingContract.Instance.Methods.Count), m => Assert.Equal(0, _site.Totals(m).InFlight));
        Assert.Equal(1, _site.Totals(0).Entered);
        Assert.Empty(_site.Events);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Faults_are_caught_counted_out_and_come_as_faulted_tasks(bool later)
    {
        _guard.Target = new Echo { CompletesLater = later, Fault = () => new FormatException("odd") };

        Assert.Equal("Everything.Add: odd", Assert.Throws<CaughtException>(() => _plugin.Add(1, 2)).Message);
        Task<Texts> texts = _plugin.EchoTextsAsync(Samples.Texts, default);
        await Assert.ThrowsAsync<CaughtException>(() => texts);
        ValueTask stop = _plugin.StopAsync(default);
        await Assert.ThrowsAsync<CaughtException>(() => stop.AsTask());

        Assert.Equal(["caught Add FormatException", "caught EchoTextsAsync FormatException", "caught StopAsync FormatException"], _site.Events);
        Assert.All(Enumerable.Range(0, EverythingContract.Instance.Methods.Count), m => Assert.Equal(0, _site.Totals(m).InFlight));
    }

    [Fact]
    public async Task Declared_errors_are_rebuilt_and_a_null_in_place_of_a_task_is_a_fault()
    {
        _guard.Target = new Echo();

        MissingException missing = await Assert.ThrowsAsync<MissingException>(async () => await _plugin.FindAsync(-2, default));
        Assert.Equal(("nothing there", -2), (missing.Message, missing.Id));
        Assert.DoesNotContain(nameof(Echo), missing.StackTrace);
        Assert.Throws<CaughtException>(() => _plugin.Get(1));
        Task<int> none = _plugin.Awkward(0, 0, 0, 0, default);
        Assert.Contains("returned null in place of a task", (await Assert.ThrowsAsync<CaughtException>(() => none)).Message);
    }

    [Fact]
    public async Task The_plugins_own_task_and_collections_never_reach_the_application()
    {
        Task<int> own = Task.FromResult(9);
        _guard.Target = new Hoarder(own);

        Assert.NotSame(own, _plugin.Awkward(1, 1, 1, 1, default));
        List<string> names = ["a"];
        IReadOnlyList<string> back = _plugin.Names(names, new Dictionary<string, IReadOnlyList<int>> { ["b"] = [1] });
        Assert.Equal(typeof(List<string>), back.GetType());
        Assert.Equal(["a", "b1"], back);
        Hoarder hoarder = (Hoarder)_guard.Target!;
        Assert.NotSame(names, hoarder.Given);

        foreach (bool later in (bool[])[false, true])
        {
            hoarder.CompletesLater = later;
            Tree tree = await _plugin.EchoTreeAsync(new Tree("t", []), default);
            Assert.Equal(typeof(List<Tree>), tree.Children.GetType());
            Assert.Equal(typeof(List<Tree>), tree.Children[0].Children.GetType());
            Collections all = await _plugin.EchoCollectionsAsync(Samples.Empty, default);
            Assert.Equal(typeof(List<string?>), all.List.GetType());
            Assert.Equal(typeof(List<int?>), all.Lazy.GetType());
            Assert.Equal(EqualityComparer<string>.Default, all.Counts.Comparer);
            Assert.Equal(typeof(Tuple<int, string?>), all.Reference!.GetType());
            Assert.Equal([1, 2], all.ByColour![Colour.Green]);
            Assert.Equal(typeof(List<int>), all.ByColour[Colour.Green].GetType());
            Texts texts = await _plugin.EchoTextsAsync(Samples.Texts, default);
            Assert.Equal(typeof(Uri), texts.Address.GetType());
        }
    }

    [Fact]
    public async Task A_value_tasks_own_task_or_source_never_reaches_the_application()
    {
        Task<int> own = Task.FromResult(9);
        _guard.Target = new Hoarder(own);

        Task<int> ofTask = _plugin.FindAsync(2, default).AsTask();
        ValueTask<int> ofSource = _plugin.FindAsync(1, default);
        Task<int> ofThrowing = _plugin.FindAsync(3, default).AsTask();

        Assert.NotSame(own, ofTask);
        Assert.Equal(9, await ofTask);
        Assert.Equal(new ValueTask<int>(1), ofSource);
        CaughtException caught = await Assert.ThrowsAsync<CaughtException>(() => ofThrowing);
        Assert.Equal("Everything.Find: odd", caught.Message);
        Assert.All(Enumerable.Range(0, EverythingContract.Instance.Methods.Count), m => Assert.Equal(0, _site.Totals(m).InFlight));
    }

    [Fact]
    public void Values_that_hide_nothing_cross_as_they_are()
    {
        _guard.Target = new Echo();
        Settings settings = new("n") { Key = "k" };

        Assert.Same(settings, _plugin.EchoSettings(settings));
        Assert.Same(Samples.Most, _plugin.EchoNumbers(Samples.Most));
    }

    [Fact]
    public void A_synchronous_call_allocates_nothing()
    {
        _guard.Target = new Echo();
        long allocated = -1;

        // The first round warms up; 200 calls stay below the first sampled one.
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                _plugin.Add(i, 1);
                _plugin.Waits(i, CancellationToken.None);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    [Fact]
    public async Task A_sampled_call_is_measured_and_gives_back_the_callers_ambient_state()
    {
        AsyncLocal<string?> ambient = new();
        _guard.Target = new Leaker(ambient);
        ambient.Value = "mine";
        for (int i = 0; i < 1024; i++)
        {
            ambient.Value = "mine";
            _plugin.Add(1, 2);
        }

        Assert.Equal(["leak Add", "sample Add"], _site.Events);
        Assert.Equal("mine", ambient.Value);
        _plugin.Add(1, 2);
        Assert.Equal("mine", ambient.Value);
        await _plugin.FindAsync(1, default);
        Assert.Contains("sample FindAsync", _site.Events);
        await Assert.ThrowsAsync<CaughtException>(() => _plugin.RunAsync(default));
        Assert.DoesNotContain("sample RunAsync", _site.Events);
    }

    [Fact]
    public async Task Without_a_target_calls_go_where_the_site_says()
    {
        _site.Elsewhere = new Echo();

        Assert.Equal(3, _plugin.Add(1, 2));
        Assert.Equal(5, await _plugin.FindAsync(5, default));
        Assert.Equal(0, _site.Totals(0).Entered);

        _site.Starting = new TaskCompletionSource<object>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> waiting = _plugin.PlainAsync(1);
        ValueTask stopping = _plugin.StopAsync(default);
        Assert.False(waiting.IsCompleted);
        _site.Starting.SetResult(new Echo());
        Assert.Equal(2, await waiting);
        await stopping;

        _site.Starting = null;
        _site.Elsewhere = null;
        Assert.Equal("Add is nowhere.", Assert.Throws<InvalidOperationException>(() => _plugin.Add(1, 2)).Message);
        Task faulted = _plugin.RunAsync(default);
        Assert.True(faulted.IsFaulted);
    }

    [Fact]
    public async Task A_suspended_call_runs_out_of_its_time_and_asks_the_plugin_to_stop()
    {
        TaskCompletionSource<int> gate = new();
        Echo echo = new() { Gate = gate };
        _guard.Target = echo;
        int run = EverythingContract.Instance.Methods.Single(m => m.Name == "RunAsync").Index;

        Task call = _plugin.RunAsync(default);
        Assert.Equal(1, _site.Totals(run).InFlight);
        _site.Time.Advance(TimeSpan.FromSeconds(10));

        await Assert.ThrowsAsync<TimeoutException>(() => call);
        Assert.True(echo.Token.IsCancellationRequested);
        Assert.Equal(1, _site.Totals(run).InFlight);
        gate.SetResult(0);
        Assert.Equal(0, _site.Totals(run).InFlight);
    }

    [Fact]
    public async Task A_suspended_call_is_cut_and_a_cancelled_one_reaches_the_plugin()
    {
        Echo echo = new() { Gate = new TaskCompletionSource<int>() };
        _guard.Target = echo;
        using CancellationTokenSource source = new();

        Task cancelled = _plugin.RunAsync(source.Token);
        Assert.NotEqual(source.Token, echo.Token);
        await source.CancelAsync();
        Assert.True(echo.Token.IsCancellationRequested);
        Task cut = _plugin.StopAsync(default).AsTask();
        _site.Revoke();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => cut);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => cancelled);
    }
}
