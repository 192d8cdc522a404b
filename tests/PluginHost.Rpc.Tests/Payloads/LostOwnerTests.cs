using System.Buffers;
using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Payloads;
using PluginHost.Rpc.Tests.Support;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Rpc.Tests.Payloads;

/// <summary>Memory whose owner nobody disposes and nobody can reach any more.</summary>
public sealed class LostOwnerTests
{
    private const int Mebi = 1024 * 1024;
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task A_lost_owner_gives_its_block_back_but_not_while_its_loser_may_still_read()
    {
        await using PayloadPair pair = new(options: o => o with { Clock = _clock });
        await Lost(await LoseAsync(pair));

        int soon = pair.Far.Payloads!.Area!.Use.Blocks;
        _clock.Advance(BlockHold.LostFor - TimeSpan.FromSeconds(1));
        Collect();
        int later = pair.Far.Payloads!.Area!.Use.Blocks;
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((1, 1), (soon, later));
        await Until.True(() =>
        {
            Collect();
            return pair.IsWhole;
        });
    }

    [Fact]
    public async Task A_lost_owner_lets_go_of_the_memory_that_its_connection_left()
    {
        const string Name = "lost-owner-test";
        PayloadPair pair = new(options: o => o with { Clock = _clock }, name: Name);
        WeakReference owner = await LoseAsync(pair);
        await pair.DisposeAsync();

        await Lost(owner);
        int soon = Mapped(Name);
        _clock.Advance(BlockHold.LostFor);

        Assert.Equal(1, soon);
        await Until.True(() =>
        {
            Collect();
            return Mapped(Name) == 0;
        });
    }

    [Fact]
    public async Task An_owner_that_is_held_keeps_its_block_for_as_long_as_it_takes()
    {
        await using PayloadPair pair = new(options: o => o with { Clock = _clock });
        Memory<byte> held = (await OwnAsync(pair)).Memory;

        for (int i = 0; i < 4; i++)
        {
            Collect();
            _clock.Advance(BlockHold.LostFor);
        }

        Assert.Equal(1, pair.Far.Payloads!.Area!.Use.Blocks);
        Assert.Equal(7, held.Span[^1]);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> LoseAsync(PayloadPair pair)
    {
        IMemoryOwner<byte> owner = await OwnAsync(pair);
        Assert.Equal(7, owner.Memory.Span[^1]);
        return new WeakReference(owner);
    }

    private static async Task Lost(WeakReference owner)
    {
        await Until.True(() =>
        {
            Collect();
            return !owner.IsAlive;
        });
        Collect();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<IMemoryOwner<byte>> OwnAsync(PayloadPair pair)
    {
        byte[] sent = new byte[Mebi];
        sent[^1] = 7;
        return (await pair.Near.CallAsync<EchoBytesCall<IMemoryOwner<byte>, AsOwner>, IMemoryOwner<byte>>(
            new(sent), Timeout.InfiniteTimeSpan, CancellationToken.None)).Value;
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private static int Mapped(string name) => File.ReadLines("/proc/self/maps").Count(l => l.Contains($"/memfd:{name}", StringComparison.Ordinal));
}
