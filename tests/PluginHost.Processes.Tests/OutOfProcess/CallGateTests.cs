using PluginHost.Processes.Tests.Support;
using PluginHost.Runtime.OutOfProcess;

namespace PluginHost.Processes.Tests.OutOfProcess;

public sealed class CallGateTests
{
    [Fact]
    public async Task Beyond_the_concurrency_calls_wait_their_turn()
    {
        CallGate gate = new(1, 1, TimeProvider.System);
        Assert.True(gate.TryEnter());
        Assert.False(gate.TryEnter());

        ValueTask<(GateResult Result, long)> second = gate.EnterAsync(Shell.Long, CancellationToken.None);
        Assert.False(second.IsCompleted);
        gate.Leave();

        Assert.Equal(GateResult.Entered, (await second).Result);
    }

    [Fact]
    public async Task Beyond_the_queue_calls_are_turned_away_at_once()
    {
        CallGate gate = new(1, 1, TimeProvider.System);
        gate.TryEnter();
        ValueTask<(GateResult Result, long)> waiting = gate.EnterAsync(Shell.Long, CancellationToken.None);

        (GateResult result, _) = await gate.EnterAsync(Shell.Long, CancellationToken.None);

        Assert.Equal(GateResult.Full, result);
        Assert.Equal(GateResult.Full, gate.Enter(Shell.Long, CancellationToken.None).Result);
        gate.Leave();
        await waiting;
        Assert.Equal(0, gate.Waiting);
    }

    [Fact]
    public async Task A_wait_ends_with_its_deadline_and_leaves_no_trace()
    {
        CallGate gate = new(1, 1, TimeProvider.System);
        gate.TryEnter();

        (GateResult result, long waited) = await gate.EnterAsync(TimeSpan.FromMilliseconds(20), CancellationToken.None);

        Assert.Equal(GateResult.TimedOut, result);
        Assert.True(waited > 0);
        Assert.Equal(GateResult.TimedOut, gate.Enter(TimeSpan.FromMilliseconds(20), CancellationToken.None).Result);
        Assert.Equal(0, gate.Waiting);
        gate.Leave();
        Assert.True(gate.TryEnter());
    }

    [Fact]
    public async Task A_wait_ends_with_its_callers_cancellation()
    {
        CallGate gate = new(1, 1, TimeProvider.System);
        gate.TryEnter();
        using CancellationTokenSource caller = new();
        ValueTask<(GateResult, long)> waiting = gate.EnterAsync(Shell.Long, caller.Token);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
        Assert.Equal(0, gate.Waiting);
    }
}
