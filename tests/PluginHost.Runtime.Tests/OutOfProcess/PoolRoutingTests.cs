using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.OutOfProcess;

namespace PluginHost.Runtime.Tests.OutOfProcess;

/// <summary>Which worker a call goes to.</summary>
public sealed class PoolRoutingTests
{
    [Fact]
    public void A_call_goes_to_the_worker_with_the_fewest_and_to_the_first_of_several()
    {
        CallGate?[] gates = [Gate(8, inside: 3), Gate(8, inside: 1), Gate(8, inside: 1), Gate(8, inside: 2)];

        int least = PoolRouting.Least(gates, out int room);

        Assert.Equal((1, 7), (least, room));
    }

    [Fact]
    public void Where_several_are_idle_the_first_is_used_so_that_the_others_rest()
    {
        CallGate?[] gates = [Gate(8, inside: 1), Gate(8), Gate(8)];

        Assert.Equal(1, PoolRouting.Least(gates, out _));
    }

    [Fact]
    public void Missing_and_full_workers_get_nothing()
    {
        CallGate?[] gates = [null, Gate(2, inside: 2), Gate(2, inside: 1), null];

        Assert.Equal(2, PoolRouting.Least(gates, out _));
        Assert.Equal(PoolRouting.None, PoolRouting.Least([null, Gate(1, inside: 1)], out int room));
        Assert.Equal(0, room);
    }

    [Fact]
    public void Room_that_somebody_else_has_taken_meanwhile_is_not_taken_twice()
    {
        CallGate gate = Gate(8);
        PoolRouting.Least([gate], out int room);
        gate.TryEnter();

        Assert.False(gate.TryEnterAt(room));
        Assert.True(gate.TryEnterAt(room - 1));
        Assert.Equal(2, gate.Inside);
    }

    [Fact]
    public void A_key_has_one_home_and_keys_are_spread_over_all()
    {
        int[] homes = [.. Enumerable.Range(0, 10)];

        int[] perHome = [.. Keys.GroupBy(k => PoolRouting.Home(k, homes)).OrderBy(g => g.Key).Select(g => g.Count())];

        Assert.All(Keys.Take(100), key => Assert.Equal(PoolRouting.Home(key, homes), PoolRouting.Home(key, [.. homes.Reverse()])));
        Assert.Equal(10, perHome.Length);
        Assert.All(perHome, count => Assert.InRange(count, 800, 1200));
    }

    [Fact]
    public void A_place_that_is_given_up_moves_its_own_keys_only()
    {
        int[] homes = [0, 1, 2, 3];
        int[] without = [0, 1, 3];

        ulong[] moved = [.. Keys.Where(k => PoolRouting.Home(k, homes) != PoolRouting.Home(k, without))];

        Assert.All(moved, key => Assert.Equal(2, PoolRouting.Home(key, homes)));
        Assert.Equal(Keys.Count(k => PoolRouting.Home(k, homes) == 2), moved.Length);
        Assert.Equal(3, moved.Select(k => PoolRouting.Home(k, without)).Distinct().Count());
    }

    [Fact]
    public void A_pool_without_places_has_no_home() => Assert.Equal(PoolRouting.None, PoolRouting.Home(7, []));

    [Fact]
    public void Equal_keys_have_equal_numbers_and_near_keys_have_not()
    {
        Assert.Equal(PartitionHash.Of(5L), PartitionHash.Of(5UL));
        Assert.Equal(PartitionHash.Of("anna"), PartitionHash.Of(new string(['a', 'n', 'n', 'a'])));
        Assert.NotEqual(PartitionHash.Of("anna"), PartitionHash.Of("annA"));
        Assert.NotEqual(PartitionHash.Of(""), PartitionHash.Of((string?)null));
        Assert.NotEqual(PartitionHash.Of(Guid.Empty), PartitionHash.Of(Guid.AllBitsSet));

        // The same in every process and release: what another host has decided stays true.
        Assert.Equal(0xE220A8397B1DCDAFUL, PartitionHash.Of(0L));
    }

    private static IReadOnlyList<ulong> Keys { get; } = [.. Enumerable.Range(0, 10_000).Select(static i => PartitionHash.Of($"key {i}"))];

    private static CallGate Gate(int concurrency, int inside = 0)
    {
        CallGate gate = new(concurrency, 0, TimeProvider.System);
        for (int i = 0; i < inside; i++)
        {
            gate.TryEnter();
        }

        return gate;
    }
}
