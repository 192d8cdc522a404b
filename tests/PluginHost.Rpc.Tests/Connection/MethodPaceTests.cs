using PluginHost.Rpc.Connection;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>Which methods the reading thread runs itself.</summary>
public sealed class MethodPaceTests
{
    private static readonly TimeSpan s_quick = TimeSpan.FromMicroseconds(5);
    private static readonly TimeSpan s_slow = TimeSpan.FromMilliseconds(1);
    private readonly MethodPace _pace = new();

    [Fact]
    public void A_method_is_tried_elsewhere_first()
    {
        Assert.False(_pace.IsQuick);

        Run(s_quick, 2);

        Assert.True(_pace.IsQuick);
    }

    [Fact]
    public void A_slow_one_has_to_be_quick_for_twice_as_long_each_time()
    {
        Run(s_quick, 2);

        Run(s_slow, 1);
        int first = TrialsUntilQuick();
        Run(s_slow, 1);
        int second = TrialsUntilQuick();

        Assert.Equal(16, first);
        Assert.Equal(32, second);
    }

    [Fact]
    public void One_that_is_stuck_is_not_quick_until_it_is_free()
    {
        Run(s_quick, 2);

        _pace.Stuck();
        bool whileStuck = _pace.IsQuick;
        _pace.Freed();

        Assert.False(whileStuck);
        Assert.True(_pace.IsQuick);
    }

    [Fact]
    public void One_that_mostly_awaits_runs_elsewhere_until_it_mostly_does_not()
    {
        Run(s_quick, 2);

        for (int i = 0; i < 10; i++)
        {
            _pace.Ran(s_quick, hasEnded: false);
        }

        Assert.True(_pace.MostlyAwaits);
        Assert.False(_pace.IsQuick);
        Assert.InRange(TrialsUntilQuick(), 1, 64);
    }

    private int TrialsUntilQuick()
    {
        int trials = 0;
        while (!_pace.IsQuick && trials < 10_000)
        {
            Run(s_quick, 1);
            trials++;
        }

        return trials;
    }

    private void Run(TimeSpan held, int times)
    {
        for (int i = 0; i < times; i++)
        {
            _pace.Ran(held, hasEnded: true);
        }
    }
}
