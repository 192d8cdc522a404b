using PluginHost.Contracts.Invocation;
using PluginHost.Generators.Tests.Contracts;
using PluginHost.Generators.Tests.Contracts.Generated;
using PluginHost.Generators.Tests.Support;

namespace PluginHost.Generators.Tests.Emitting;

/// <summary>What a guard does around methods that take or give what stays with its owner.</summary>
public sealed class LeaseGuardMethodTests : IDisposable
{
    private const int Trees = 0;
    private readonly RecordingSite _site = new(VaultContract.Instance);
    private readonly Guard _guard;
    private readonly Vault _vault = new("own");
    private readonly IVault _plugin;

    public LeaseGuardMethodTests()
    {
        _guard = VaultContract.Instance.CreateGuard(_site);
        _guard.Target = _vault;
        _plugin = (IVault)_guard;
    }

    public void Dispose() => _site.Dispose();

    [Fact]
    public async Task A_sequence_gives_host_owned_copies_and_is_counted_once()
    {
        List<Tree> read = [];
        await foreach (Tree tree in _plugin.Trees(3, CancellationToken.None))
        {
            read.Add(tree);
        }

        Assert.Equal(["0", "1", "2"], read.Select(t => t.Name));
        Assert.All(read, t => Assert.Equal(typeof(List<Tree>), t.Children.GetType()));
        Assert.Equal((1, 0), (_site.Totals(Trees).Entered, _site.Totals(Trees).InFlight));
        Assert.Equal((1, 0), (_vault.DisposedEnumerators, _site.Results.Open));
    }

    [Fact]
    public async Task A_step_that_waits_counts_as_inside_and_another_is_refused_meanwhile()
    {
        _vault.Gate = new TaskCompletionSource();
        await using IAsyncEnumerator<int> reader = (await _plugin.NumbersAsync(CancellationToken.None)).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        IAsyncEnumerator<Tree> trees = _plugin.Trees(1, CancellationToken.None).GetAsyncEnumerator(TestContext.Current.CancellationToken);

        Assert.True(await reader.MoveNextAsync());
        Task<bool> step = trees.MoveNextAsync().AsTask();

        Assert.Equal((1, 1), (_site.Totals(Trees).Entered, _site.Totals(Trees).InFlight));
        Assert.Equal(2, _site.Results.Open);
        _vault.Gate.SetResult();
        Assert.True(await step);
        Assert.Equal(0, _site.Totals(Trees).InFlight);
        await trees.DisposeAsync();
    }

    [Fact]
    public async Task A_fault_in_a_step_is_caught_a_declared_one_rebuilt_and_the_enumerator_disposed_once()
    {
        foreach ((Exception fault, Type seen) in ((Exception, Type)[])[(new FormatException("odd"), typeof(CaughtException)), (new MissingException("gone", 4), typeof(MissingException))])
        {
            _vault.Fault = fault;
            IAsyncEnumerator<Tree> reader = _plugin.Trees(1, CancellationToken.None).GetAsyncEnumerator(TestContext.Current.CancellationToken);
            Assert.True(await reader.MoveNextAsync());

            Exception thrown = await Assert.ThrowsAnyAsync<Exception>(async () => await reader.MoveNextAsync());

            Assert.Equal(seen, thrown.GetType());
            Assert.NotSame(fault, thrown);
            Assert.False(await reader.MoveNextAsync());
            await reader.DisposeAsync();
        }

        Assert.Equal((2, 0), (_vault.DisposedEnumerators, _site.Results.Open));
        Assert.Equal(["caught Trees FormatException", "caught Trees MissingException"], _site.Events);
    }

    [Fact]
    public async Task A_step_over_its_time_ends_the_sequence_and_asks_the_generator_to_stop()
    {
        _vault.Gate = new TaskCompletionSource();
        IAsyncEnumerator<Tree> reader = _plugin.Trees(1, CancellationToken.None).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Task<bool> step = reader.MoveNextAsync().AsTask();

        _site.Time.Advance(TimeSpan.FromSeconds(10));

        await Assert.ThrowsAsync<TimeoutException>(() => step);
        Assert.True(_vault.Token.IsCancellationRequested);
        Assert.False(await reader.MoveNextAsync());
        Assert.True(SpinWait.SpinUntil(() => _vault.DisposedEnumerators == 1 && _site.Results.Open == 0, TimeSpan.FromSeconds(30)));
        Assert.Equal(0, _site.Totals(Trees).InFlight);
    }

    [Fact]
    public async Task The_engine_takes_a_sequence_back_between_two_steps_and_in_the_middle_of_one()
    {
        IAsyncEnumerator<Tree> idle = _plugin.Trees(9, CancellationToken.None).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await idle.MoveNextAsync());
        _vault.Gate = new TaskCompletionSource();
        IAsyncEnumerator<Tree> stepping = _plugin.Trees(9, CancellationToken.None).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Task<bool> step = stepping.MoveNextAsync().AsTask();

        await _site.Results.EndAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => step);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await idle.MoveNextAsync());
        Assert.False(await idle.MoveNextAsync());
        Assert.Equal((2, 0), (_vault.DisposedEnumerators, _site.Results.Open));
        await idle.DisposeAsync();
        await stepping.DisposeAsync();
        Assert.Equal(2, _vault.DisposedEnumerators);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await _plugin.Trees(1, CancellationToken.None).GetAsyncEnumerator(TestContext.Current.CancellationToken).MoveNextAsync());
    }

    [Fact]
    public async Task A_sequences_token_is_its_own_and_lives_as_long_as_it()
    {
        using CancellationTokenSource source = new();
        IAsyncEnumerable<int> numbers = await _plugin.NumbersAsync(source.Token);

        Assert.NotEqual(source.Token, _vault.Token);
        Assert.False(_vault.Token.IsCancellationRequested);
        await source.CancelAsync();
        Assert.True(SpinWait.SpinUntil(() => _vault.Token.IsCancellationRequested, TimeSpan.FromSeconds(30)));
        await Assert.ThrowsAsync<CaughtException>(async () => await numbers.GetAsyncEnumerator(TestContext.Current.CancellationToken).MoveNextAsync());
    }

    [Fact]
    public async Task Progress_is_a_copy_of_the_hosts_that_dies_with_the_call()
    {
        List<Tree> reports = [];
        Receiver receiver = new(reports.Add);

        Assert.Equal(1, await _plugin.RunAsync(receiver, CancellationToken.None));
        _vault.Progress!.Report(new Tree("late", []));

        Assert.NotSame(receiver, _vault.Progress);
        Assert.Equal(["first"], reports.Select(t => t.Name));
        Assert.Equal(typeof(List<Tree>), reports[0].Children.GetType());
    }

    [Fact]
    public async Task What_a_receiver_of_progress_throws_comes_with_the_answer()
    {
        Receiver receiver = new(_ => throw new NotSupportedException("full"));

        await Assert.ThrowsAsync<NotSupportedException>(() => _plugin.RunAsync(receiver, CancellationToken.None));

        Assert.Empty(_site.Events);
    }

    [Fact]
    public async Task A_sequence_argument_is_dead_after_its_call()
    {
        Assert.Equal(-2, await _plugin.SumAsync(Numbers(), CancellationToken.None));
        Assert.Equal(3, await _plugin.SumAsync(null, CancellationToken.None));
        _vault.Gate = new TaskCompletionSource();
        Assert.Equal(-1, await _plugin.SumAsync(Numbers(), CancellationToken.None));

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await _vault.Numbers!.GetAsyncEnumerator(TestContext.Current.CancellationToken).MoveNextAsync());
    }

    [Fact]
    public void An_object_is_guarded_and_released_once()
    {
        IVault opened = _plugin.Open("inner")!;
        Vault inner = (Vault)_vault.Kept!;

        Assert.NotSame(inner, opened);
        Assert.Equal("inner", opened.Name());
        Assert.Equal(1, _site.Results.Open);
        opened.Dispose();
        opened.Dispose();

        Assert.Equal((1, 0), (inner.Disposed, _site.Results.Open));
        Assert.Throws<ObjectDisposedException>(() => opened.Name());
        Assert.Null(_plugin.Open(null));
        _plugin.Dispose();
        Assert.Equal(0, _vault.Disposed);
    }

    [Fact]
    public async Task Objects_go_back_to_their_owner_as_themselves_and_are_taken_back_at_the_end()
    {
        Vault host = new("host");
        IVault opened = _plugin.Open("inner")!;
        IVault inner = _vault.Kept!;

        IVault? first = _plugin.Swap(host);
        IVault lent = _vault.Kept!;
        IVault? second = _plugin.Swap(opened);

        Assert.Same(opened, first);
        Assert.NotSame(host, lent);
        Assert.Equal("host", lent.Name());
        Assert.Same(host, second);
        Assert.Same(inner, _vault.Kept);
        Assert.Equal("inner", first!.Name());
        await _site.Arguments.EndAsync();
        await _site.Results.EndAsync();
        Assert.ThrowsAny<Exception>(() => lent.Name());
        Assert.ThrowsAny<Exception>(() => opened.Name());
        Assert.Equal((0, 1), (host.Disposed, ((Vault)inner).Disposed));
    }

    [Fact]
    public void A_call_scoped_object_ends_with_its_call()
    {
        Vault host = new("host");

        Assert.Equal("own uses host", _plugin.Use(host));

        Assert.ThrowsAny<Exception>(() => _vault.Kept!.Name());
        Assert.Equal(0, host.Disposed);
    }

    private static async IAsyncEnumerable<int> Numbers()
    {
        yield return 3;
        await Task.Yield();
        yield return -5;
    }

    private sealed class Receiver(Action<Tree> take) : IProgress<Tree>
    {
        public void Report(Tree value) => take(value);
    }
}
