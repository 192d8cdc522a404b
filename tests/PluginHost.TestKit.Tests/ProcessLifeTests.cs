using System.Diagnostics;

namespace PluginHost.TestKit.Tests;

public sealed class ProcessLifeTests
{
    [Fact]
    public async Task A_child_lives_until_it_is_killed()
    {
        using Process child = Process.Start(new ProcessStartInfo("sleep", "60"))!;

        bool before = ProcessLife.IsAlive(child.Id);
        bool isChild = ProcessLife.ChildrenOf(Environment.ProcessId).Contains(child.Id);
        child.Kill();

        Assert.True(before);
        Assert.True(isChild);
        Assert.True(await ProcessLife.DiesAsync(child.Id, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_process_that_lives_on_is_reported_as_alive()
    {
        Assert.False(await ProcessLife.DiesAsync(Environment.ProcessId, TimeSpan.FromMilliseconds(20)));
    }
}
