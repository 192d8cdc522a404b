using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Payloads;
using Xunit;

namespace PluginHost.Rpc.Tests.Payloads;

/// <summary>What chunks that come in may cost.</summary>
public sealed class TransfersTests
{
    private const int Limit = 256 * 1024 * 1024;

    [Fact]
    public void Announcements_cost_nothing_before_their_bytes_come()
    {
        Transfers transfers = new(Limit);
        byte[] one = [1];
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < 1000; i++)
        {
            transfers.Take(i, Limit, one);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void A_value_that_comes_byte_by_byte_is_whole_and_holds_no_more_than_twice_what_came()
    {
        const int Length = 100_000;
        Transfers transfers = new(Limit);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < Length; i++)
        {
            transfers.Take(1, Length, [(byte)i]);
        }

        // All arrays that it grew through together, each twice the one before.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, Length, 4 * Length);
        byte[]? whole = transfers.TryCollect(1, Length);
        Assert.Equal(Enumerable.Range(0, Length).Select(i => (byte)i), whole);
    }
}
