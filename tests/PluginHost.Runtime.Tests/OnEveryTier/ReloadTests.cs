using System.Diagnostics;
using System.Text.Json.Nodes;
using Fixtures.Features.Contract;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.OnEveryTier;

[Collection(nameof(ReloadTests))]
public sealed class InProcessReloadTests() : ReloadTests(PluginTier.InProcess)
{
    [Fact]
    public async Task The_replaced_context_is_gone_after_a_collection()
    {
        ListLogger log = new();
        await using SampleHost host = await StartAsync(TimeSpan.FromMilliseconds(100), loggers: log);
        IFeatures features = host.Runtime.Get<IFeatures>(Id);
        await features.CountAsync(10, null, Cancelled);
        host.Change(Id, json => json["version"] = "1.1.0");

        await host.Runtime.ReloadAsync(Id);

        await UntilAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return log.Events.Any(e => e.Id.Id == 8053);
        });
        Assert.Equal(10, await features.CountAsync(10, null, Cancelled));
    }
}

[Collection(nameof(ReloadTests))]
public sealed class ProcessReloadTests() : ReloadTests(PluginTier.Process)
{
    [Fact]
    public async Task Memory_above_the_soft_limit_recycles_with_no_fault()
    {
        await using SampleHost host = await StartAsync(TimeSpan.FromMilliseconds(100), json => json["recycle"] = JsonNode.Parse("""{ "memory": "4MiB" }"""));

        await UntilAsync(() => host.Status(Id).Generation >= 2);

        Assert.Equal("recycle.memory", host.Runtime.Restarts[0].Cause);
        Assert.Empty(host.Runtime.Faults);
    }

    [Fact]
    public async Task Memory_above_the_hard_limit_is_one_fault_that_names_both_values()
    {
        await using SampleHost host = await StartAsync(TimeSpan.FromMilliseconds(100), json =>
        {
            json["recycle"] = JsonNode.Parse("""{ "memoryHard": "4MiB" }""");
            json["restart"] = JsonNode.Parse("""{ "limit": 0 }""");
        });

        await UntilAsync(() => host.Status(Id).State == PluginState.Quarantined);

        FaultRecord record = Assert.Single(host.Runtime.Faults);
        Assert.Equal((FaultKind.LimitExceeded, "recycle.memoryHard"), (record.Kind, record.Limit));
        Assert.Matches(@"was killed: it has [0-9.]+ MiB of resident memory; recycle\.memoryHard is 4 MiB\.", record.Message);
    }
}

/// <summary>A new version in the place of a running one, under load: no call fails, and what outlives calls ends as it is told to.</summary>
public abstract class ReloadTests(PluginTier tier)
{
    protected const string Id = SampleHost.Features;
    private static readonly bool s_isSoak = Environment.GetEnvironmentVariable("PLUGINHOST_SOAK") == "1";
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(1.5);

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reloads_under_load_fail_no_call_and_end_the_leases_after_their_time()
    {
        int rounds = s_isSoak ? 20 : 2;
        await using SampleHost host = await StartAsync(s_drain);
        IFeatures features = host.Runtime.Get<IFeatures>(Id);
        CallLoad load = Load(features);
        for (int round = 1; round <= rounds; round++)
        {
            ISession session = await features.OpenSessionAsync("ann", Cancelled);
            await using IAsyncEnumerator<int> endless = features.Endless(Cancelled).GetAsyncEnumerator(Cancelled);
            Assert.True(await endless.MoveNextAsync());
            host.Change(Id, json => json["version"] = $"1.0.{round}");

            Task<UnloadResult> reload = host.Runtime.ReloadAsync(Id);
            await UntilAsync(() => host.Status(Id).Generation == round + 1 || reload.IsFaulted);
            Assert.True(await endless.MoveNextAsync());
            Assert.Contains("bob", await session.GreetAsync("bob", Cancelled), StringComparison.Ordinal);
            await reload;

            PluginUnavailableException step = await Assert.ThrowsAsync<PluginUnavailableException>(async () =>
            {
                while (await endless.MoveNextAsync())
                {
                }
            });
            PluginUnavailableException handle = await Assert.ThrowsAsync<PluginUnavailableException>(() => session.GreetAsync("bob", Cancelled));
            Assert.True(step.IsRetryable && handle.IsRetryable);
            Assert.Equal($"1.0.{round}", host.Status(Id).Version);
        }

        (int answered, IReadOnlyList<Exception> failures) = await load.EndAsync();

        Assert.Empty(failures);
        Assert.InRange(answered, rounds * 100, int.MaxValue);
        Assert.Equal(rounds, host.Runtime.Restarts.Count(r => r.Cause == "reload"));
        Assert.Empty(host.Runtime.Faults);
    }

    [Fact]
    public async Task A_call_that_is_inside_goes_on_and_new_ones_do_not_wait_for_it()
    {
        await using SampleHost host = await StartAsync(TimeSpan.FromSeconds(30));
        IFeatures features = host.Runtime.Get<IFeatures>(Id);
        Slow slow = new();
        Task<string> inside = features.AskAsync(slow, "who?", Cancelled);
        await slow.Asked.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);

        Task<UnloadResult> reload = host.Runtime.ReloadAsync(Id);
        await UntilAsync(() => host.Status(Id).Generation == 2);
        int answered = await features.CountAsync(10, null, Cancelled);
        bool wasOver = inside.IsCompleted || reload.IsCompleted;
        slow.Answer.SetResult("me");
        UnloadResult result = await reload;

        Assert.Equal("me", await inside);
        Assert.Equal((10, false, 0), (answered, wasOver, result.AbandonedCalls));
        Assert.Empty(host.Runtime.Faults);
    }

    [Theory]
    [InlineData("ill", "gave false")]
    [InlineData("throws", "threw System.InvalidOperationException: The paper is out.")]
    [InlineData("silent", "within 00:00:01")]
    public async Task A_version_that_is_not_healthy_is_rolled_back_with_no_call_failed(string health, string because)
    {
        await using SampleHost host = await StartAsync(s_drain);
        IFeatures features = host.Runtime.Get<IFeatures>(Id);
        CallLoad load = Load(features);
        host.Change(Id, json =>
        {
            json["version"] = "2.0.0";
            json["settings"] = new JsonObject { ["health"] = health };
        });

        PluginFaultException failed = await Assert.ThrowsAsync<PluginFaultException>(() => host.Runtime.ReloadAsync(Id));
        (int answered, IReadOnlyList<Exception> failures) = await load.EndAsync();

        Assert.Empty(failures);
        Assert.True(answered > 0);
        Assert.Contains(because, failed.Message, StringComparison.Ordinal);
        FaultRecord record = Assert.Single(host.Runtime.Faults);
        Assert.Equal((FaultKind.StartFailure, failed.FaultId), (record.Kind, record.Id));
        Assert.EndsWith("Generation 1 (1.0.0) goes on.", record.Message, StringComparison.Ordinal);
        Assert.Equal((PluginState.Ready, 1, "1.0.0"), (host.Status(Id).State, host.Status(Id).Generation, host.Status(Id).Version));
    }

    [Fact]
    public async Task A_version_that_does_not_load_is_rolled_back_and_a_mended_one_taken()
    {
        await using SampleHost host = await StartAsync(s_drain);
        IFeatures features = host.Runtime.Get<IFeatures>(Id);
        string entry = Path.Combine(host.Plugins, Id, "Fixtures.Features.Plugin.dll");
        byte[] whole = await File.ReadAllBytesAsync(entry, Cancelled);
        await File.WriteAllBytesAsync(entry, whole[..(whole.Length / 2)], Cancelled);

        await Assert.ThrowsAnyAsync<PluginException>(() => host.Runtime.ReloadAsync(Id));
        int kept = await features.CountAsync(10, null, Cancelled);
        await File.WriteAllBytesAsync(entry, whole, Cancelled);
        await host.Runtime.ReloadAsync(Id);

        Assert.Equal(10, kept);
        Assert.Equal(10, await features.CountAsync(10, null, Cancelled));
        FaultRecord record = Assert.Single(host.Runtime.Faults);
        Assert.Equal((FaultKind.StartFailure, 2), (record.Kind, record.Generation));
        Assert.Equal(3, host.Status(Id).Generation);
    }

    [Theory]
    [InlineData("contracts", "[\"Fixtures.Features.Contract.IFeatures@2\"]", "implements Fixtures.Features.Contract.IFeatures@2, and the application has Fixtures.Features.Contract.IFeatures@1")]
    [InlineData("trust", "\"untrusted\"", "untrusted")]
    [InlineData("permissions", "{ \"network\": true }", "network: true")]
    [InlineData("publisher", "\"somebody else\"", "the publisher 'somebody else', and the publisher 'fixtures' was named before")]
    [InlineData("version", "\"0.9.0\"", "version 0.9.0, which is older than 1.0.0")]
    [InlineData("colour", "\"red\"", "colour")]
    public async Task What_a_person_has_to_decide_is_refused_and_the_old_version_goes_on(string member, string value, string because)
    {
        await using SampleHost host = await StartAsync(s_drain);
        IFeatures features = host.Runtime.Get<IFeatures>(Id);
        host.Change(Id, json => json[member] = JsonNode.Parse(value));

        PluginException refused = await Assert.ThrowsAnyAsync<PluginException>(() => host.Runtime.ReloadAsync(Id));

        Assert.Contains(because, refused.Message, StringComparison.Ordinal);
        Assert.Equal(member == "contracts" ? FaultKind.ContractMismatch : FaultKind.Refused, refused.Kind);
        Assert.Equal(refused.FaultId, Assert.Single(host.Runtime.Faults).Id);
        Assert.Equal((PluginState.Ready, 1), (host.Status(Id).State, host.Status(Id).Generation));
        Assert.Equal(10, await features.CountAsync(10, null, Cancelled));
    }

    [Fact]
    public async Task Recycling_by_calls_under_load_fails_no_call_and_spends_no_budget()
    {
        int rounds = s_isSoak ? 20 : 2;
        await using SampleHost host = await StartAsync(s_drain, json =>
        {
            json["recycle"] = JsonNode.Parse("""{ "calls": 100 }""");
            json["restart"] = JsonNode.Parse("""{ "limit": 0 }""");
        });
        IFeatures features = host.Runtime.Get<IFeatures>(Id);
        ISession session = await features.OpenSessionAsync("ann", Cancelled);
        CallLoad load = Load(features);

        int looks = 0;
        await UntilAsync(() =>
        {
            if (tier == PluginTier.InProcess && ++looks % 100 == 0)
            {
                // An application has collections of its own. Without one nothing proves replaced generations gone, and at four the next is waited for.
                GC.Collect();
            }

            return host.Runtime.Restarts.Count >= rounds;
        });
        (int answered, IReadOnlyList<Exception> failures) = await load.EndAsync();

        Assert.Empty(failures);
        Assert.InRange(answered, rounds * 90, int.MaxValue);
        Assert.All(host.Runtime.Restarts, r => Assert.Equal("recycle.calls", r.Cause));
        Assert.Empty(host.Runtime.Faults);
        await Assert.ThrowsAsync<PluginUnavailableException>(() => UntilGoneAsync(session).WaitAsync(TimeSpan.FromSeconds(30), Cancelled));
    }

    [Fact]
    public async Task A_changed_folder_is_reloaded_by_itself_once_its_manifest_is_written()
    {
        await using SampleHost host = await SampleHost.StartAsync(tier, callTimeout: TimeSpan.FromMinutes(1), drain: s_drain, options: o => o with { ReloadOnChange = true }, ids: [Id]);
        IFeatures features = host.Runtime.Get<IFeatures>(Id);
        CallLoad load = Load(features);

        host.Change(Id, json => json["version"] = "1.1.0");
        await UntilAsync(() => host.Status(Id).Version == "1.1.0");
        host.Change(Id, json => json["settings"] = new JsonObject { ["health"] = "ill" });
        await UntilAsync(() => host.Runtime.Faults.Count == 1);
        host.Change(Id, json =>
        {
            json["version"] = "1.2.0";
            json["settings"] = new JsonObject();
        });
        await UntilAsync(() => host.Status(Id).Version == "1.2.0");
        (_, IReadOnlyList<Exception> failures) = await load.EndAsync();

        Assert.Empty(failures);
        Assert.Equal(3, Assert.Single(host.Runtime.Faults).Generation);
        Assert.Equal(4, host.Status(Id).Generation);
    }

    private protected Task<SampleHost> StartAsync(TimeSpan drain, Action<JsonNode>? change = null, ILoggerFactory? loggers = null) =>
        SampleHost.StartAsync(tier, callTimeout: TimeSpan.FromMinutes(1), drain: drain, change: change, loggers: loggers, options: o => o with { HealthTimeout = TimeSpan.FromSeconds(1) }, ids: [Id]);

    /// <summary>1,000 calls a second: synchronous ones, ones that wait, and ones that read a sequence, give one, or are called back.</summary>
    private static CallLoad Load(IFeatures features) => new(
        1000,
        async () => Assert.Equal(150, await features.CountAsync(150, null, CancellationToken.None)),
        () =>
        {
            features.Opened();
            return Task.CompletedTask;
        },
        async () => Assert.Equal(5, await features.Watch(5, null, CancellationToken.None).CountAsync()),
        async () => Assert.Equal(3, await features.SumAsync(ThreeAsync(), CancellationToken.None)),
        async () => Assert.Equal("", await features.AskOnceAsync(new Deaf(), "?", CancellationToken.None)));

    private static async Task UntilGoneAsync(ISession session)
    {
        while (true)
        {
            await session.GreetAsync("bob", Cancelled);
            await Task.Delay(10, Cancelled);
        }
    }

    private static async IAsyncEnumerable<int> ThreeAsync()
    {
        for (int i = 0; i < 3; i++)
        {
            await Task.Yield();
            yield return 1;
        }
    }

    protected static async Task UntilAsync(Func<bool> condition)
    {
        for (long began = Stopwatch.GetTimestamp(); !condition();)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60), "What was waited for did not happen.");
            await Task.Delay(2, Cancelled);
        }
    }

    /// <summary>Answers when a test says so.</summary>
    private sealed class Slow : IListener
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<string> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> AskAsync(string question, CancellationToken cancellationToken)
        {
            Asked.TrySetResult();
            return Answer.Task;
        }

        public Task<int> HearAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken) => Task.FromResult(0);
    }

    /// <summary>Answers every question with nothing.</summary>
    private sealed class Deaf : IListener
    {
        public Task<string> AskAsync(string question, CancellationToken cancellationToken) => Task.FromResult("");

        public Task<int> HearAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken) => Task.FromResult(0);
    }
}
