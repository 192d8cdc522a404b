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
    public void This_machine_has_a_count() => Assert.True(MemoryKills.Count() >= 0);
}
