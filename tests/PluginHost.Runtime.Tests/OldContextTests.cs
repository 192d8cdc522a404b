using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Fixtures.Features.Contract;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Tests;

/// <summary>The application holds something of a plugin's old generation, and real collections free that generation all the same.</summary>
[SuppressMessage("Reliability", "CA2000", Justification = "What the application does not let go of is what the tests are about.")]
public sealed class OldContextTests
{
    private const string Id = SampleHost.Features;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_completed_task() => HoldsAsync(async (_, holdable) =>
    {
        Task<string> suspended = holdable.LaterAsync("later", Cancelled);
        Task<string> atOnce = holdable.AtOnceAsync("at once");
        await Task.WhenAll(suspended, atOnce);
        return ([suspended, atOnce], () => Assert.Equal(("later", "at once"), (suspended.Result, atOnce.Result)));
    });

    [Fact]
    public Task A_failed_task_and_its_exception() => HoldsAsync(async (_, holdable) =>
    {
        Task failed = holdable.ThrowAsync();
        PluginFaultException thrown = await Assert.ThrowsAsync<PluginFaultException>(() => failed);
        return ([failed, thrown], () => Assert.EndsWith("OwnException", thrown.RemoteType, StringComparison.Ordinal));
    });

    [Fact]
    public Task A_collection() => HoldsAsync(async (_, holdable) =>
    {
        IReadOnlyList<string> list = holdable.List(3);
        IReadOnlyDictionary<string, int> map = await holdable.MapAsync(3);
        return ([list, map], () =>
        {
            Assert.Equal(["0", "1", "2"], list);
            Assert.Equal(2, map["2"]);
        });
    });

    [Fact]
    public Task An_open_sequence() => HoldsAsync(async (features, _) =>
    {
        IAsyncEnumerator<int> open = features.Endless(CancellationToken.None).GetAsyncEnumerator(CancellationToken.None);
        Assert.True(await open.MoveNextAsync());
        IAsyncEnumerable<Line>? unread = await features.OpenAsync(10, CancellationToken.None);
        return ([open, unread!], () => Assert.Equal(0, open.Current));
    });

    [Fact]
    public Task A_marshaled_object() => HoldsAsync(async (features, _) =>
    {
        ISession session = await features.OpenSessionAsync("ann", Cancelled);
        IAsyncEnumerator<string> words = session.Words(10, CancellationToken.None).GetAsyncEnumerator(CancellationToken.None);
        Assert.True(await words.MoveNextAsync());
        return ([session, words], () => Assert.Throws<PluginUnavailableException>(() => session.Next()));
    });

    [Fact]
    public Task A_progress_and_a_token_that_the_plugin_gave() => HoldsAsync(async (_, holdable) =>
    {
        Keeper keeper = new(Task.CompletedTask);
        await holdable.GiveAsync(keeper, Cancelled);
        return ([keeper], () =>
        {
            keeper.Progress!.Report(1);
            Assert.False(keeper.Token.IsCancellationRequested);
        });
    });

    [Fact]
    public Task A_call_of_its_own_that_it_never_ends_with_the_progress_and_the_token_in_it() => HoldsAsync(async (_, holdable) =>
    {
        TaskCompletionSource never = new();
        Keeper keeper = new(never.Task);
        Task given = holdable.GiveAsync(keeper, CancellationToken.None);
        await keeper.Called.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        return ([keeper, never, given], () =>
        {
            Assert.True(keeper.Token.IsCancellationRequested);
            keeper.Progress!.Report(1);
        });
    });

    [Fact]
    public Task A_token_that_the_plugin_registered_on_itself_and_by_linked_sources_and_semaphores() => HoldsAsync(async (_, holdable) =>
    {
        CancellationTokenSource source = new();
        await holdable.RegisterAsync(source.Token);
        return ([source], () => source.Cancel());
    });

    [Fact]
    public Task A_thread_whose_last_call_ended_before_the_plugin_registered_on_its_token()
    {
        // Like a thread of the application that makes a call once, and then never another one.
        ManualResetEventSlim end = new();
        Thread? idle = null;
        return HoldsAsync(async (_, holdable) =>
        {
            TaskCompletionSource called = new(TaskCreationOptions.RunContinuationsAsynchronously);
            idle = new Thread(() => CallAndWait(holdable, called, end)) { IsBackground = true };
            idle.Start();
            await called.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
            return ([idle, end], () =>
            {
                end.Set();
                idle.Join();
            });
        });
    }

    [Fact]
    public async Task What_is_not_wrapped_does_hold_it_and_is_found_by_natural_collections()
    {
        UnloadOptions soon = new() { Collections = 1, Grace = TimeSpan.Zero };
        await using SampleHost host = await SampleHost.StartAsync(PluginTier.InProcess, options: o => o with { Unload = soon }, ids: [Id]);
        object plugin = InsideOf(host);

        await host.Runtime.ReloadAsync(Id);
        UnprovedUnload unproved = Assert.Single(host.Status(Id).Unproved);
        await UntilAsync(() => host.Runtime.Faults.Count > 0, "No leak has been found for 30 s.");

        FaultRecord leak = Assert.Single(host.Runtime.Faults);
        Assert.Equal((1, false), (unproved.Generation, unproved.IsLeak));
        Assert.Equal((FaultKind.UnloadLeak, 1), (leak.Kind, leak.Generation));
        Assert.True(Assert.Single(host.Status(Id).Unproved).IsLeak);
        Assert.Equal((PluginState.Ready, 2), (host.Status(Id).State, host.Status(Id).Generation));
        GC.KeepAlive(plugin);
    }

    private static void CallAndWait(IHoldable holdable, TaskCompletionSource called, ManualResetEventSlim end)
    {
        holdable.KeepTokenAsync(new CancellationTokenSource().Token).GetAwaiter().GetResult();
        holdable.RegisterOnKept();
        called.SetResult();
        end.Wait();
    }

    // The plugin's own object, which the application cannot come by in any way that is open to it.
    private static object InsideOf(SampleHost host) =>
        ((Contracts.Invocation.Guard)(object)host.Runtime.Get<IHoldable>(Id)).Target!;

    /// <summary>Takes what the application holds, reloads, collects, and looks that it can still be used.</summary>
    private static async Task HoldsAsync(Func<IFeatures, IHoldable, Task<(object[] Held, Action Use)>> take)
    {
        await using SampleHost host = await StartAsync();
        IHoldable holdable = host.Runtime.Get<IHoldable>(Id);
        (object[] held, Action use) = await take(host.Runtime.Get<IFeatures>(Id), holdable);

        UnloadResult result = await host.Runtime.ReloadAsync(Id);
        await GoneAsync(host);

        Assert.NotEqual(UnloadOutcome.Leaked, result.Outcome);
        Assert.Equal((PluginState.Ready, 2), (host.Status(Id).State, host.Status(Id).Generation));
        use();
        Assert.Equal("next", await holdable.LaterAsync("next", Cancelled));
        GC.KeepAlive(held);
    }

    private static Task<SampleHost> StartAsync() => SampleHost.StartFeaturesAsync(PluginTier.InProcess, drain: TimeSpan.FromMilliseconds(100));

    private static Task GoneAsync(SampleHost host) =>
        UntilAsync(() => host.Status(Id).Unproved.Count == 0, "The old context has not been collected for 30 s.");

    private static async Task UntilAsync(Func<bool> condition, string otherwise)
    {
        long began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), otherwise);
            Collect();
            await Task.Delay(10, Cancelled);
        }
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private sealed class Keeper(Task until) : IKeeper
    {
        public IProgress<int>? Progress { get; private set; }

        public CancellationToken Token { get; private set; }

        public TaskCompletionSource Called { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task KeepAsync(IProgress<int> progress, CancellationToken cancellationToken)
        {
            (Progress, Token) = (progress, cancellationToken);
            Called.TrySetResult();
            return until;
        }
    }
}
