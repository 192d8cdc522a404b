using PluginHost.Runtime.OutOfProcess;

namespace PluginHost.Runtime.Tests.OutOfProcess;

/// <summary>The calls for which no worker of a pool had room.</summary>
public sealed class PoolQueueTests
{
    private const int Any = PoolRouting.None;
    private readonly PoolQueue<string> _queue = new(workers: 2, limit: 4);

    [Fact]
    public async Task Room_is_given_to_those_that_wait_in_turn_and_never_more_than_there_is()
    {
        CallGate gate = new(2, 0, TimeProvider.System);
        PoolWaiter<string> first = Add(Any)!;
        PoolWaiter<string> second = Add(Any)!;
        PoolWaiter<string> third = Add(Any)!;

        _queue.Serve(0, gate, "zero");

        Assert.Equal("zero", (await first.Turn).Worker);
        Assert.Equal("zero", (await second.Turn).Worker);
        Assert.False(third.Turn.IsCompleted);
        Assert.Equal((2, 1), (gate.Inside, _queue.Count));
    }

    [Fact]
    public void A_call_of_a_key_waits_for_its_own_worker_only()
    {
        PoolWaiter<string> mine = Add(1)!;

        _queue.Serve(0, Gate(1), "zero");
        bool served = mine.Turn.IsCompleted;
        _queue.Serve(1, Gate(1), "one");

        Assert.False(served);
        Assert.True(mine.Turn.IsCompleted);
        Assert.True(_queue.IsLineEmpty(1));
    }

    [Fact]
    public async Task Between_the_lines_who_came_first_goes_first()
    {
        PoolWaiter<string> any = Add(Any)!;
        PoolWaiter<string> mine = Add(1)!;

        _queue.Serve(1, Gate(1), "one");

        Assert.False(mine.Turn.IsCompleted);
        Assert.Equal("one", (await any.Turn).Worker);
        Assert.True(_queue.IsLineEmpty(Any));
        Assert.False(_queue.IsLineEmpty(1));
    }

    [Fact]
    public void No_more_wait_than_may_over_all_lines_together()
    {
        Assert.All([Any, 0, 1, Any], line => Assert.NotNull(Add(line)));

        Assert.Null(Add(Any));
        Assert.Null(Add(1));
    }

    [Fact]
    public void Who_gives_up_makes_room_and_is_not_served()
    {
        PoolWaiter<string> impatient = Add(Any)!;
        CallGate gate = Gate(1);

        Assert.True(_queue.Remove(impatient));
        Assert.False(_queue.Remove(impatient));
        _queue.Serve(0, gate, "zero");

        Assert.False(impatient.Turn.IsCompleted);
        Assert.Equal((0, 0), (gate.Inside, _queue.Count));
    }

    [Fact]
    public async Task Who_gives_up_at_the_moment_of_his_turn_has_had_it()
    {
        PoolWaiter<string> late = Add(Any)!;
        _queue.Serve(0, Gate(1), "zero");

        Assert.False(_queue.Remove(late));
        Assert.Equal("zero", (await late.Turn).Worker);
    }

    [Fact]
    public async Task A_change_lets_those_of_one_line_look_again()
    {
        PoolWaiter<string> mine = Add(1)!;
        PoolWaiter<string> any = Add(Any)!;

        _queue.Stir(1);

        Assert.Equal(default, await mine.Turn);
        Assert.False(any.Turn.IsCompleted);
        Assert.Equal(1, _queue.Count);
    }

    [Fact]
    public async Task A_closed_queue_ends_all_waits_and_those_that_come()
    {
        PoolWaiter<string> mine = Add(1)!;

        _queue.Close();

        Assert.True((await mine.Turn).IsClosed);
        Assert.True((await Add(Any)!.Turn).IsClosed);
        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public async Task A_call_that_looked_before_a_change_and_comes_after_it_looks_again()
    {
        long seen = _queue.Changes;
        _queue.Stir(1);

        PoolWaiter<string> late = _queue.TryAdd(1, seen)!;

        Assert.Equal(default, await late.Turn);
        Assert.Equal(0, _queue.Count);
    }

    private PoolWaiter<string>? Add(int line) => _queue.TryAdd(line, _queue.Changes);

    private static CallGate Gate(int concurrency) => new(concurrency, 0, TimeProvider.System);
}
