using PluginHost.Contracts.Invocation;
using Xunit;

namespace PluginHost.Telemetry.Tests.Recording;

/// <summary>Threads counted in by hand, as those are that start and stop plugins.</summary>
public sealed class ThreadBlocksTests : IDisposable
{
    private readonly int _slot = ThreadBlocks.Reserve(3);

    public void Dispose() => ThreadBlocks.Release(_slot, 3);

    [Fact]
    public void A_thread_is_seen_in_what_it_entered_until_it_leaves()
    {
        List<string> seen = [];
        OnThread(() =>
        {
            ThreadBlocks.Enter(_slot);
            ThreadBlocks.Enter(_slot + 1);
            seen.Add(Describe());
            ThreadBlocks.Leave(_slot + 1);
            seen.Add(Describe());
            ThreadBlocks.Leave(_slot);
            seen.Add(Describe());
        });

        Assert.Equal(["last 1, inside 0 1", "last 1, inside 0", "last 1, inside "], seen);
        Assert.Equal(new CallTotals(1, 1), ThreadBlocks.Sum(_slot));
    }

    [Fact]
    public void A_block_that_was_given_back_is_no_threads_and_its_counts_stay()
    {
        int thread = 0;
        OnThread(() =>
        {
            thread = ThreadBlocks.CurrentThread;
            ThreadBlocks.Enter(_slot);
            ThreadBlocks.Leave(_slot);
            ThreadBlocks.GiveBack();
        });

        Assert.DoesNotContain(ThreadBlocks.Activity(), a => a.ThreadId == thread);
        Assert.Equal(new CallTotals(1, 1), ThreadBlocks.Sum(_slot));
    }

    [Fact]
    public void A_thread_that_has_given_its_block_back_can_enter_again()
    {
        OnThread(() =>
        {
            ThreadBlocks.Enter(_slot);
            ThreadBlocks.Leave(_slot);
            ThreadBlocks.GiveBack();
            ThreadBlocks.GiveBack();
            ThreadBlocks.Enter(_slot);
            ThreadBlocks.Leave(_slot);
        });

        Assert.Equal(new CallTotals(2, 2), ThreadBlocks.Sum(_slot));
    }

    [Fact]
    public void Threads_inside_of_some_slots_are_given_with_all_that_they_are_inside_of_and_others_are_not()
    {
        int thread = 0;
        List<IReadOnlyList<ThreadActivity>> seen = [];
        OnThread(() =>
        {
            thread = ThreadBlocks.CurrentThread;
            ThreadBlocks.Enter(_slot);
            ThreadBlocks.Enter(_slot + 1);
            seen.Add(ThreadBlocks.Activity([_slot]));
            seen.Add(ThreadBlocks.Activity([_slot + 2]));
            ThreadBlocks.Leave(_slot + 1);
            ThreadBlocks.Leave(_slot);
            seen.Add(ThreadBlocks.Activity([_slot]));
        });

        ThreadActivity own = Assert.Single(seen[0]);
        Assert.Equal(thread, own.ThreadId);
        Assert.Equal([_slot, _slot + 1], own.Inside.Select(i => i.Slot));
        Assert.Empty(seen[1]);
        Assert.Empty(seen[2]);
    }

    private string Describe()
    {
        ThreadActivity activity = ThreadBlocks.Activity().Single(a => a.ThreadId == ThreadBlocks.CurrentThread);
        return $"last {activity.LastEntered - _slot}, inside {string.Join(' ', activity.Inside.Select(i => i.Slot - _slot))}";
    }

    private static void OnThread(Action action)
    {
        Thread thread = new(() => action());
        thread.Start();
        thread.Join();
    }
}
