using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;

namespace PluginHost.Runtime.Tests;

public sealed class PluginStateMachineTests
{
    private readonly PluginStateMachine _machine = new(TimeProvider.System);

    [Fact]
    public void Only_one_start_is_under_way_at_a_time()
    {
        int first = _machine.TryBeginStart();
        int second = _machine.TryBeginStart();

        Assert.Equal(1, first);
        Assert.Equal(0, second);
    }

    [Fact]
    public void An_old_generation_cannot_change_the_state_of_a_new_one()
    {
        int old = _machine.TryBeginStart();
        _machine.TryReady(old, new FakeInstance(old));
        _machine.TryBackOff(old, DateTimeOffset.UnixEpoch, "crashed");
        int current = _machine.TryBeginStart();
        Assert.False(_machine.TryReady(old, new FakeInstance(old)));
        _machine.TryReady(current, new FakeInstance(current));

        Assert.False(_machine.TryBackOff(old, DateTimeOffset.UnixEpoch, "late news"));
        Assert.False(_machine.TryBeginStop(old, willReturn: false, "late stop"));
        Assert.False(_machine.TryReady(old, new FakeInstance(old)));
        Assert.Equal(PluginState.Ready, _machine.View.State);
        Assert.Equal(2, _machine.View.Generation);
    }

    [Fact]
    public void A_number_that_was_given_is_not_given_again()
    {
        int first = _machine.TryBeginStart();
        int tried = _machine.NextNumber();
        int ready = _machine.NextNumber();
        _machine.Rest(PluginState.Stopped, null);

        int taken = _machine.TryBeginStart(ready);
        _machine.Rest(PluginState.Stopped, null);
        int next = _machine.TryBeginStart();

        Assert.Equal([1, 2, 3, 3, 4], [first, tried, ready, taken, next]);
    }

    [Fact]
    public async Task A_change_wakes_those_that_wait_on_the_old_view()
    {
        PluginView before = _machine.View;

        _machine.TryBeginStart();

        await before.Changed.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.NotSame(before, _machine.View);
    }

    [Fact]
    public void A_refused_plugin_does_not_start()
    {
        _machine.Rest(PluginState.Refused, "policy");

        Assert.Equal(0, _machine.TryBeginStart());
    }

    [Fact]
    public void Every_change_is_told_in_order_one_at_a_time_and_outside_the_lock()
    {
        List<PluginState> told = [];
        PluginStateMachine? machine = null;
        int inside = 0;
        machine = new PluginStateMachine(TimeProvider.System, view =>
        {
            Assert.Equal(1, ++inside);
            told.Add(view.State);
            if (view.State == PluginState.Starting)
            {
                // Another thread may change the state meanwhile: it neither waits for the one told nor overtakes it.
                Assert.True(Task.Run(() => machine!.TryReady(view.Generation, new FakeInstance(view.Generation))).Wait(TimeSpan.FromSeconds(30)));
                machine!.TryBeginStop(view.Generation, willReturn: false, "from inside");
            }

            inside--;
        });

        machine.TryBeginStart();

        Assert.Equal([PluginState.Starting, PluginState.Ready, PluginState.Stopping], told);
    }

    [Fact]
    public void Ready_is_not_a_state_of_rest()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _machine.Rest(PluginState.Ready, null));
    }
}
