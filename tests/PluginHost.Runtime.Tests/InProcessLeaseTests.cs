using System.Diagnostics;
using System.Runtime.CompilerServices;
using Fixtures.Features.Contract;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Tests;

/// <summary>What the application still holds of an in-process plugin when it is stopped.</summary>
public sealed class InProcessLeaseTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_plugin_is_proved_gone_while_the_application_still_holds_all_that_it_handed_out()
    {
        await using SampleHost host = await SampleHost.StartFeaturesAsync(PluginTier.InProcess, drain: TimeSpan.FromMilliseconds(100));
        using CancellationTokenSource source = new();
        Held held = await OpenAsync(host, source.Token);

        await host.Runtime.StopAsync(SampleHost.Features);
        await GoneAsync(host);

        await Assert.ThrowsAsync<PluginUnavailableException>(async () => await held.Reader.MoveNextAsync());
        await Assert.ThrowsAsync<PluginUnavailableException>(() => held.Stalled);
        await Assert.ThrowsAsync<PluginUnavailableException>(() => held.Session.GreetAsync("bob", Cancelled));
        await Assert.ThrowsAsync<PluginUnavailableException>(() => held.Waiting);
        await held.Reader.DisposeAsync();
        await held.Session.DisposeAsync();
        GC.KeepAlive(held);
        GC.KeepAlive(source);
    }

    [Fact]
    public async Task What_the_application_forgot_delays_no_stop()
    {
        await using SampleHost host = await SampleHost.StartFeaturesAsync(PluginTier.InProcess);
        await ForgetAsync(host);
        GC.Collect();
        GC.WaitForPendingFinalizers();

        // The drain's default is 30 s.
        await host.Runtime.StopAsync(SampleHost.Features).WaitAsync(TimeSpan.FromSeconds(20), Cancelled);
    }

    [Fact]
    public async Task Calls_of_objects_are_counted_as_the_plugins_own_and_their_faults_recorded()
    {
        await using SampleHost host = await SampleHost.StartFeaturesAsync(PluginTier.InProcess);
        ISession session = await host.Runtime.Get<IFeatures>(SampleHost.Features).OpenSessionAsync("ann", Cancelled);

        session.Next();
        session.Next();
        session.Next();
        Assert.Throws<OutOfNumbersException>(() => session.Next());
        await session.DisposeAsync();

        MethodStatsOf(host, "Session.Next", out long calls, out long errors);
        Assert.Equal((4, 1), (calls, errors));
    }

    private static void MethodStatsOf(SampleHost host, string method, out long calls, out long errors)
    {
        MethodStats stats = host.Runtime.Stats.Plugins.Single(p => p.Id == SampleHost.Features).Methods.Single(m => m.Method == method);
        calls = stats.Calls;
        errors = stats.Errors;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<Held> OpenAsync(SampleHost host, CancellationToken token)
    {
        IFeatures features = host.Runtime.Get<IFeatures>(SampleHost.Features);
        IAsyncEnumerator<int> reader = features.Watch(1000, null, token).GetAsyncEnumerator(token);
        Assert.True(await reader.MoveNextAsync());
        Task stalled = ReadAsync(features.Endless(token));
        ISession session = await features.OpenSessionAsync("ann", token);
        Task waiting = session.WaitAsync(token);
        features.Keep(new Listener());
        return new Held(reader, stalled, session, waiting, await features.OpenAsync(5, token));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task ForgetAsync(SampleHost host)
    {
        IFeatures features = host.Runtime.Get<IFeatures>(SampleHost.Features);
        await features.OpenSessionAsync("ann", Cancelled);
        await features.OpenAsync(5, Cancelled);
        await Task.Yield();
    }

    private static async Task ReadAsync(IAsyncEnumerable<int> numbers)
    {
        await foreach (int number in numbers)
        {
            if (number == 10_000)
            {
                await Task.Yield();
            }
        }
    }

    private static Task GoneAsync(SampleHost host) => UntilAsync(() =>
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return host.Status(SampleHost.Features).State == PluginState.Stopped;
    });

    private static async Task UntilAsync(Func<bool> condition)
    {
        long began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "It has not come true for 30 s.");
            await Task.Delay(5, Cancelled);
        }
    }

    private sealed record Held(IAsyncEnumerator<int> Reader, Task Stalled, ISession Session, Task Waiting, IAsyncEnumerable<Line>? Unread);

    private sealed class Listener : IListener
    {
        public Task<string> AskAsync(string question, CancellationToken cancellationToken) => Task.FromResult(question);

        public Task<int> HearAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken) => Task.FromResult(0);
    }
}
