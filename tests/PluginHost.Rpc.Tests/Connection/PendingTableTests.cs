using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>Ids of outgoing calls.</summary>
public sealed class PendingTableTests
{
    [Fact]
    public void An_id_comes_again_only_after_all_that_fit_below_two_to_the_53rd()
    {
        PendingTable table = new(1);
        HashSet<long> seen = [];
        for (int i = 0; i < 10_000; i++)
        {
            PendingCall<AddCall, int> call = Call();
            Assert.Equal(AddResult.Added, table.Add(call));

            Assert.True(seen.Add(call.Id));
            Assert.InRange(call.Id, 1, (1L << 53) - 1);
            Assert.False(table.TryRemove(call.Id - (1 << 16), out _, out _));
            Assert.True(table.TryRemove(call.Id, out PendingCall? found, out _));
            Assert.Same(call, found);
            Assert.False(table.TryRemove(call.Id, out _, out _));
        }
    }

    [Fact]
    public void A_given_up_calls_place_stays_taken_until_its_answer()
    {
        PendingTable table = new(1);
        PendingCall<AddCall, int> first = Call();
        table.Add(first);

        Assert.Same(first, table.Abandon(first.Id));

        Assert.Null(table.Abandon(first.Id));
        Assert.Equal(AddResult.Full, table.Add(Call()));
        Assert.True(table.TryRemove(first.Id, out PendingCall? found, out _));
        Assert.Null(found);
        Assert.Equal(AddResult.Added, table.Add(Call()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(65_535)]
    [InlineData(1L << 53)]
    public void An_id_that_was_never_given_is_nobodys(long id)
    {
        PendingTable table = new(16);
        table.Add(Call());

        Assert.False(table.TryRemove(id, out _, out _));
        Assert.Null(table.Abandon(id));
        Assert.False(table.IsLive(id));
    }

    // A table never runs its calls: these have no connection.
    private static PendingCall<AddCall, int> Call() =>
        PendingCall<AddCall, int>.Rent(null!, new AddCall(1, 2), Timeout.InfiniteTimeSpan, isBlocking: false, CancellationToken.None);
}
