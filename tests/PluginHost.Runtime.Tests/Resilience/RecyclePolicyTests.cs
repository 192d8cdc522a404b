using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;

namespace PluginHost.Runtime.Tests.Resilience;

public sealed class RecyclePolicyTests
{
    private const long MiB = 1 << 20;
    private static readonly RecycleSigns s_worn = new(long.MaxValue, TimeSpan.FromDays(1000), 1L << 45);

    [Fact]
    public void Nothing_is_recycled_where_nothing_is_asked_for()
    {
        Assert.Null(RecyclePolicy.Look(new RecycleOptions(), 1, s_worn));
        Assert.False(RecyclePolicy.IsOn(new RecycleOptions()));
    }

    [Theory]
    [InlineData(999, false)]
    [InlineData(1000, true)]
    public void Calls_count_up_to_their_limit(long calls, bool isReached)
    {
        RecycleFinding? found = RecyclePolicy.Look(new RecycleOptions { Calls = 1000 }, 0, new RecycleSigns(calls, TimeSpan.Zero, null));

        Assert.Equal(isReached, found is { IsKill: false, Limit: "recycle.calls", What: "has taken 1000 calls; recycle.calls is 1000" });
    }

    [Theory]
    [InlineData(0, 1000)]
    [InlineData(0.5, 950)]
    [InlineData(1, 900)]
    public void The_jitter_brings_the_limit_on_calls_forward_by_up_to_a_tenth(double jitter, long limit)
    {
        Assert.Equal(limit, RecyclePolicy.CallsLimit(1000, jitter));
        Assert.Null(RecyclePolicy.Look(new RecycleOptions { Calls = 1000 }, jitter, new RecycleSigns(limit - 1, TimeSpan.Zero, null)));
        Assert.NotNull(RecyclePolicy.Look(new RecycleOptions { Calls = 1000 }, jitter, new RecycleSigns(limit, TimeSpan.Zero, null)));
    }

    [Fact]
    public void A_worker_takes_at_least_one_call()
    {
        Assert.Equal(1, RecyclePolicy.CallsLimit(1, 1));
        Assert.Null(RecyclePolicy.Look(new RecycleOptions { Calls = 1 }, 1, new RecycleSigns(0, TimeSpan.FromDays(1), null)));
    }

    [Theory]
    [InlineData(0, 60)]
    [InlineData(1, 54)]
    public void Age_counts_with_its_jitter(double jitter, int seconds)
    {
        RecycleOptions options = new() { Age = TimeSpan.FromMinutes(1) };

        Assert.Null(RecyclePolicy.Look(options, jitter, new RecycleSigns(0, TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1), null)));
        Assert.Equal("recycle.age", RecyclePolicy.Look(options, jitter, new RecycleSigns(0, TimeSpan.FromSeconds(seconds), null))!.Limit);
    }

    [Theory]
    [InlineData(99, null, false)]
    [InlineData(100, "recycle.memory", false)]
    [InlineData(199, "recycle.memory", false)]
    [InlineData(200, "recycle.memoryHard", true)]
    public void Memory_above_the_soft_limit_replaces_and_above_the_hard_one_kills(long mebibytes, string? limit, bool isKill)
    {
        RecycleOptions options = new() { Memory = 100 * MiB, MemoryHard = 200 * MiB };

        RecycleFinding? found = RecyclePolicy.Look(options, 1, new RecycleSigns(0, TimeSpan.Zero, mebibytes * MiB));

        Assert.Equal((limit, isKill), (found?.Limit, found?.IsKill ?? false));
    }

    [Fact]
    public void A_kill_names_both_values()
    {
        RecycleFinding? found = RecyclePolicy.Look(new RecycleOptions { MemoryHard = 64 * MiB }, 0, new RecycleSigns(0, TimeSpan.Zero, (65 * MiB) + (MiB / 2)));

        Assert.Equal("has 65.5 MiB of resident memory; recycle.memoryHard is 64 MiB", found!.What);
    }

    [Fact]
    public void Memory_that_is_not_known_recycles_nothing()
    {
        RecycleOptions options = new() { Memory = MiB, MemoryHard = 2 * MiB };

        Assert.Null(RecyclePolicy.Look(options, 1, s_worn with { MemoryBytes = null }));
        Assert.True(RecyclePolicy.ReadsMemory(options));
        Assert.False(RecyclePolicy.ReadsMemory(new RecycleOptions { Calls = 1, Age = TimeSpan.FromSeconds(1) }));
    }

    [Fact]
    public void The_hard_limit_comes_first()
    {
        RecycleOptions options = new() { Calls = 1, Age = TimeSpan.FromSeconds(1), Memory = MiB, MemoryHard = 2 * MiB };

        Assert.Equal("recycle.memoryHard", RecyclePolicy.Look(options, 0, s_worn)!.Limit);
    }
}
