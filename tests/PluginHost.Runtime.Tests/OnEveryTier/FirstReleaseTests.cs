using System.Buffers;
using System.Collections.Immutable;
using FirstRelease.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;

namespace PluginHost.Runtime.Tests.OnEveryTier;

public sealed class UnloadableFirstReleaseTests(UnloadableFirstRelease host) : ReloadedFirstReleaseTests(host), IClassFixture<UnloadableFirstRelease>;

public sealed class PinnedFirstReleaseTests(PinnedFirstRelease host) : FirstReleaseTests(host), IClassFixture<PinnedFirstRelease>
{
    [Fact]
    public async Task Its_mode_is_a_reason_of_its_placement_and_restart_and_reload_are_refused()
    {
        PluginRefusedException restart = await Assert.ThrowsAsync<PluginRefusedException>(() => Host.Runtime.RestartAsync(FirstReleaseHost.Id));
        PluginRefusedException reload = await Assert.ThrowsAsync<PluginRefusedException>(() => Host.Runtime.ReloadAsync(FirstReleaseHost.Id));

        Assert.Contains(Host.Runtime.Status.Single().Reasons, r => r.StartsWith("It is pinned (\"unloadable\": false)", StringComparison.Ordinal));
        Assert.Contains("stays in memory until the application ends", restart.Message, StringComparison.Ordinal);
        Assert.Contains("run the plugin in the process tier", reload.Message, StringComparison.Ordinal);
        Assert.Equal((PluginState.Ready, 1), (Host.Runtime.Status.Single().State, Host.Runtime.Status.Single().Generation));
        Assert.False(System.Runtime.Loader.AssemblyLoadContext.All.Single(c => c.Name == FirstReleaseHost.Id && !c.IsCollectible).IsCollectible);
    }
}

public sealed class RoundTripFirstReleaseTests(RoundTripFirstRelease host) : ReloadedFirstReleaseTests(host), IClassFixture<RoundTripFirstRelease>;

public sealed class ProcessFirstReleaseTests(ProcessFirstRelease host) : ReloadedFirstReleaseTests(host), IClassFixture<ProcessFirstRelease>;

public sealed class JsonFirstReleaseTests(JsonFirstRelease host) : ReloadedFirstReleaseTests(host), IClassFixture<JsonFirstRelease>;

/// <summary>Where it can be reloaded.</summary>
public abstract class ReloadedFirstReleaseTests(FirstReleaseHost host) : FirstReleaseTests(host)
{
    [Fact]
    public async Task A_reload_asks_for_its_health_and_it_goes_on()
    {
        await Host.Runtime.ReloadAsync(FirstReleaseHost.Id);

        Assert.Equal(5, Stock.Add(2, 3));
        Assert.Equal(PluginState.Ready, Host.Runtime.Status.Single().State);
    }
}

/// <summary>
/// The contract and the plugin of the first release, compiled then, run on today's host: guard, proxy, dispatcher, readers and writers are the first
/// release's generator's. What fails here breaks everybody's plugins.
/// </summary>
public abstract class FirstReleaseTests(FirstReleaseHost host)
{
    private protected FirstReleaseHost Host => host;

    private protected IStock Stock => host.Runtime.Get<IStock>(FirstReleaseHost.Id);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_starts_and_has_of_its_host_what_it_had()
    {
        Assert.Equal((PluginState.Ready, null), (host.Runtime.Status.Single().State, host.Runtime.Status.Single().Demotion));
        Assert.Matches($"^{FirstReleaseHost.Id} [0-9]+ EUR$", Stock.Started());
        Assert.Equal(7.5m, await Stock.PriceAsync(3, Cancelled));
        Assert.Contains(FirstReleaseHost.Id, host.Runtime.GetAll<IStock>().Keys);
    }

    [Fact]
    public async Task Results_of_every_shape_come_back()
    {
        Stock.Reset(10);

        Assert.Equal(42, Stock.Add(40, 2));
        Assert.Equal("key on Upper", Stock.Place("key"));
        Assert.Equal("item 11", Stock.Get(11).Name);
        Assert.Equal(Shelf.Lower, (await Stock.FindAsync(12, Cancelled))!.Shelf);
        Assert.Null(await Stock.FindAsync(0, Cancelled));
        await Stock.PutAsync(new Item(20, "new", 3m) { Tags = ["a", "b"] }, Cancelled);
        Assert.Equal(["a", "b"], Stock.Get(20).Tags);
        await Stock.TouchAsync(20, Cancelled);
        Assert.Equal(("touched", 3m), (Stock.Get(20).Name, Stock.Get(20).Price));
        Assert.Equal(4, await Stock.CountAsync(Cancelled));
        Assert.Equal(6, await Stock.SumAsync([1, 2, 3], Cancelled));
        Stock.Reset(3);
    }

    [Fact]
    public async Task Data_of_every_type_crosses_both_ways()
    {
        Everything sent = All();

        Everything now = Stock.Echo(sent);
        Everything? later = await Stock.EchoLaterAsync(sent, Cancelled);

        Assert.Equivalent(sent, now, strict: true);
        Assert.Equivalent(sent, later, strict: true);
        Assert.Null(await Stock.EchoLaterAsync(null, Cancelled));
    }

    [Fact]
    public async Task Errors_cancellations_and_faults_are_told_apart()
    {
        NotStockedException now = Assert.Throws<NotStockedException>(() => Stock.Get(999));
        NotStockedException later = await Assert.ThrowsAsync<NotStockedException>(() => Stock.FindAsync(998, Cancelled));
        PluginFaultException fault = Assert.Throws<PluginFaultException>(() => Stock.Fail("it broke"));
        using CancellationTokenSource source = new();
        Task waiting = Stock.WaitAsync(source.Token);
        await source.CancelAsync();

        Assert.Equal((999, 998), (now.Id, later.Id));
        Assert.Equal((FaultKind.Exception, "System.InvalidOperationException", "it broke"), (fault.Kind, fault.RemoteType, fault.RemoteMessage));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Sequences_progress_streams_and_memory_are_what_they_were()
    {
        List<int> reports = [];
        using SemaphoreSlim all = new(0);
        InlineProgress progress = new(value =>
        {
            lock (reports)
            {
                reports.Add(value);
            }

            all.Release();
        });

        Item[] watched = await Stock.Watch(3, Cancelled).ToArrayAsync(Cancelled);
        string[] words = await (await Stock.OpenAsync(2, Cancelled)).ToArrayAsync(Cancelled);
        Assert.Equal([0, 1, 2], watched.Select(i => i.Id));
        Assert.Equal(["word 0", "word 1"], words);
        Assert.Equal(10, await Stock.SumLaterAsync(AsyncEnumerable.Range(0, 5), Cancelled));
        Assert.Equal(4, await Stock.ImportAsync(4, progress, Cancelled));
        Assert.Equal(1, await Stock.ImportAsync(1, null, Cancelled));
        for (int i = 0; i < 4; i++)
        {
            Assert.True(await all.WaitAsync(TimeSpan.FromSeconds(30), Cancelled));
        }

        Assert.Equal([1, 2, 3, 4], reports);
        Assert.Equal(100_000, await Stock.MeasureAsync(new MemoryStream(new byte[100_000]), Cancelled));
        await using Stream read = await Stock.ReadAsync(70_000, Cancelled);
        using MemoryStream copy = new();
        await read.CopyToAsync(copy, Cancelled);
        Assert.Equal(Numbered(70_000), copy.ToArray());
        using IMemoryOwner<byte> owned = await Stock.OwnAsync(300, Cancelled);
        Assert.Equal(Numbered(300), owned.Memory[..300].ToArray());
        Assert.Equal<byte>([3, 2, 1], Stock.Reverse(new byte[] { 1, 2, 3 }).ToArray());
    }

    [Fact]
    public async Task Objects_of_contracts_go_both_ways()
    {
        Stock.Reset(3);
        await using ICart cart = await Stock.OpenCartAsync("mine", Cancelled);

        ICart found = Stock.FindCart("mine")!;

        Assert.Equal((1, 2), (cart.Put(3), found.Put(4)));
        int[] lines = await cart.Lines(Cancelled).ToArrayAsync(Cancelled);
        Assert.Equal([3, 4], lines);

        // One that nobody holds is given back when it is collected, and that ends the plugin's object, which is the same for both.
        GC.KeepAlive(found);
        Assert.Equal(10.5m, await cart.PayAsync(Cancelled));
        cart.Put(1000);
        Assert.Equal(1000, (await Assert.ThrowsAsync<NotStockedException>(() => cart.PayAsync(Cancelled))).Id);
        Assert.Null(Stock.FindCart("nobody's"));
        Assert.Equal("yes to how?, 7", await Stock.AskAsync(new Buyer(), "how?", Cancelled));
        Assert.Equal("yes to when?", await Stock.AskOnceAsync(new Buyer(), "when?", Cancelled));
    }

    private static byte[] Numbered(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)i)];

    private static Everything All() => new(true, -1, 2, -3, 4, -5, 6, -7, ulong.MaxValue)
    {
        Single = 1.5f,
        Double = Math.PI,
        Decimal = 79228162514264337593543950335m,
        Char = 'ß',
        Text = "text with \"quotes\", ümlauts and \u0001",
        Guid = new Guid("0f8fad5b-d9cb-469f-a165-70867728950e"),
        DateTime = new DateTime(2026, 2, 28, 23, 59, 58, 123, DateTimeKind.Utc),
        DateTimeOffset = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(-7)),
        TimeSpan = TimeSpan.FromTicks(-12_345_678_901),
        DateOnly = new DateOnly(2024, 2, 29),
        TimeOnly = new TimeOnly(1, 2, 3, 4),
        Uri = new Uri("https://host/path?q=1#f"),
        Version = new Version(1, 2, 3, 4),
        Bytes = [0, 255, 128],
        Memory = new byte[] { 9, 8, 7 },
        Shelf = Shelf.Lower,
        MaybeShelf = Shelf.Upper,
        MaybeInt = -1,
        Point = new Point(1, 2.5),
        MaybePoint = new Point(-1, -2.5),
        Item = new Item(1, "one", 1.25m) { Tags = ["x"] },
        Array = [1, 2, 3],
        List = [new Item(2, "two")],
        Immutable = ImmutableArray.Create(new Point(3, 4)),
        Sequence = ["a", "b"],
        Dictionary = new() { ["k"] = new Item(3, "three") },
        Map = new Dictionary<Shelf, int[]> { [Shelf.Lower] = [7] },
        Pair = (1, "left"),
        Tuple = System.Tuple.Create(2, "right"),
    };

    private sealed class Buyer : IBuyer
    {
        public Task<string> AnswerAsync(string question, CancellationToken cancellationToken) => Task.FromResult($"yes to {question}");

        public int Budget() => 7;
    }

    private sealed class InlineProgress(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
