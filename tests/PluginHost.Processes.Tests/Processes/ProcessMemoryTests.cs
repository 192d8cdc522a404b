using System.Diagnostics;
using PluginHost.Runtime.Processes;

namespace PluginHost.Processes.Tests.Processes;

public sealed class ProcessMemoryTests
{
    [Fact]
    public void It_is_what_the_system_says_is_resident()
    {
        using Process self = Process.GetCurrentProcess();

        long? resident = ProcessMemory.Resident(self.Id);

        Assert.InRange(resident!.Value, self.WorkingSet64 / 2, self.WorkingSet64 * 2);
    }

    [Fact]
    public void A_process_that_has_ended_has_none() => Assert.Null(ProcessMemory.Resident(int.MaxValue));
}
