using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Payloads;
using PluginHost.Rpc.Tests.Support;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Rpc.Tests.Payloads;

/// <summary>How one side divides its area, takes blocks back, and gives pages back when it is idle.</summary>
public sealed class PayloadAreaTests : IDisposable
{
    private const int Mebi = 1024 * 1024;
    private readonly ManualTimeProvider _clock = new();
    private readonly List<MalformedMessageException> _violations = [];
    private readonly PayloadMemory _memory = PayloadMemory.Create("test", 8 * Mebi);
    private readonly PayloadMemory _peer;
    private readonly PayloadArea _area;
    private readonly ReturnQueue.Input _returns;

    public PayloadAreaTests()
    {
        _peer = PayloadPair.OpenAgain(_memory);
        _area = new PayloadArea(new PayloadOptions { Memory = _memory, WarmBytes = Mebi }, _clock, _violations.Add);
        _returns = new ReturnQueue.Input(_peer.Mapping, _peer.InReturns);
    }

    public void Dispose()
    {
        _area.Dispose();
        _memory.Dispose();
        _peer.Dispose();
    }

    [Fact]
    public void What_was_given_back_is_used_again_before_anything_else()
    {
        _area.TryWrite(new byte[100_000], out long first);
        _area.TryWrite(new byte[100_000], out long second);
        _returns.Add(first);

        _area.TryWrite(new byte[90_000], out long third);

        Assert.Equal((0, 102_400, 0), (first, second, third));
        Assert.Empty(_violations);
    }

    [Fact]
    public void Neighbours_that_are_free_become_one()
    {
        long[] offsets = new long[4];
        for (int i = 0; i < offsets.Length; i++)
        {
            Assert.True(_area.TryWrite(new byte[2 * Mebi], out offsets[i]));
        }

        Assert.False(_area.TryWrite(new byte[70_000], out _));
        foreach (int i in (int[])[2, 0, 3, 1])
        {
            _returns.Add(offsets[i]);
        }

        Assert.True(_area.TryWrite(new byte[8 * Mebi], out long whole));
        Assert.Equal(0, whole);
    }

    [Fact]
    public void Pages_above_the_warm_ones_are_given_back_once_nothing_was_sent_for_a_while()
    {
        byte[] value = new byte[4 * Mebi];
        value.AsSpan().Fill(1);
        _area.TryWrite(value, out long offset);
        _returns.Add(offset);

        _clock.Advance(TimeSpan.FromSeconds(4.9));
        long before = _area.TouchedBytes;
        _clock.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Equal(4 * Mebi, before);
        Assert.Equal(Mebi, _area.TouchedBytes);
        Assert.Equal(1, ByteAt(Mebi - 1));
        Assert.Equal(0, ByteAt(Mebi));
        Assert.Equal(0, _clock.PendingTimers);
    }

    [Fact]
    public void Pages_in_use_are_not_given_back()
    {
        byte[] value = new byte[4 * Mebi];
        value.AsSpan().Fill(1);
        _area.TryWrite(value, out long offset);

        _clock.Advance(TimeSpan.FromSeconds(6));
        byte kept = ByteAt(3 * Mebi);
        _returns.Add(offset);
        _clock.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(1, kept);
        Assert.Equal(0, ByteAt(3 * Mebi));
    }

    [Fact]
    public void A_closed_area_takes_nothing()
    {
        _area.Dispose();

        Assert.False(_area.TryWrite(new byte[70_000], out _));
        _area.TakeBack(0);
    }

    private unsafe byte ByteAt(long offset) => *(_peer.Mapping.Start + _peer.InStart + offset);
}
