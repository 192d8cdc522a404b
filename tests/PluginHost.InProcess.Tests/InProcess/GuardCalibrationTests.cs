using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.InProcess;

namespace PluginHost.InProcess.Tests.InProcess;

public sealed class GuardCalibrationTests(ITestOutputHelper output)
{
    [Fact]
    public void The_guards_own_time_is_a_plain_number_and_its_slot_is_given_back()
    {
        int free = ThreadBlocks.Reserve(1);
        ThreadBlocks.Release(free, 1);

        long started = TimeProvider.System.GetTimestamp();
        double nanoseconds = GuardCalibration.Measure(TimeProvider.System);
        output.WriteLine($"{nanoseconds:F2} ns, measured in {TimeProvider.System.GetElapsedTime(started).TotalMilliseconds:F1} ms");

        Assert.True(double.IsFinite(nanoseconds));
        Assert.True(nanoseconds >= 0);
        Assert.Equal(free, ThreadBlocks.Reserve(1));
        ThreadBlocks.Release(free, 1);
    }

    [Fact]
    public void The_calibrations_target_is_collectible_as_a_plugins_is() =>
        Assert.True(CalibrationGuard.CreateTarget().GetType().IsCollectible);
}
