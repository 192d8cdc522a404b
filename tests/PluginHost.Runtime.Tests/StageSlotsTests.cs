using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.Tests;

public sealed class StageSlotsTests
{
    [Fact]
    public void Generations_side_by_side_have_slots_of_their_own()
    {
        StageSlots slots = new("any.plugin", flight: null);

        StageMarks[] marks = [slots.Of(1), slots.Of(2), slots.Of(3), slots.Of(5)];

        Assert.Equal(8, marks.SelectMany(m => new[] { m.Start, m.Stop }).Distinct().Count());
        slots.Release();
    }

    [Fact]
    public void An_ended_generations_slots_serve_the_next_once_no_thread_is_in_them()
    {
        StageSlots slots = new("any.plugin", flight: null);
        StageMarks first = slots.Of(1);
        StageMarks stuck = slots.Of(2);
        slots.End(1);
        slots.End(2);

        StageMarks third;
        StageMarks fourth;
        ThreadBlocks.Enter(stuck.Stop);
        try
        {
            third = slots.Of(3);
            fourth = slots.Of(4);
        }
        finally
        {
            ThreadBlocks.Leave(stuck.Stop);
        }

        StageMarks fifth = slots.Of(5);

        Assert.Equal(first, third);
        Assert.NotEqual(stuck, fourth);
        Assert.Equal(stuck, fifth);
        slots.Release();
    }
}
