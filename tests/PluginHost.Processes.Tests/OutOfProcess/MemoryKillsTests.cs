using PluginHost.Runtime.OutOfProcess;

namespace PluginHost.Processes.Tests.OutOfProcess;

public sealed class MemoryKillsTests
{
    [Fact]
    public void Both_versions_of_control_groups_are_read()
    {
        IEnumerable<string> files = MemoryKills.Files(["0::/user.slice/a", "5:cpu,memory:/docker/1", "3:pids:/x", "broken"]);

        Assert.Equal(["/sys/fs/cgroup/user.slice/a/memory.events", "/sys/fs/cgroup/memory/docker/1/memory.oom_control"], files);
    }

    [Fact]
    public void A_kill_is_put_down_to_one_death_and_not_to_one_that_somebody_killed_later()
    {
        long count = 5;
        MemoryKills kills = new(() => count);
        MemoryKills.Mark first = kills.Now();
        MemoryKills.Mark second = kills.Now();
        bool before = kills.TryPutDown(first);

        count = 6;
        bool killed = kills.TryPutDown(first);
        bool byHand = kills.TryPutDown(second);
        MemoryKills.Mark third = kills.Now();
        count = 8;
        bool[] both = [kills.TryPutDown(second), kills.TryPutDown(third), kills.TryPutDown(kills.Now())];

        Assert.Equal((false, true, false), (before, killed, byHand));
        Assert.Equal([true, true, false], both);
    }

    [Fact]
    public void This_machine_has_a_count() => Assert.True(MemoryKills.Count() >= 0);
}
