using System.Diagnostics;
using PluginHost.Rpc.Transport;
using Xunit;

namespace PluginHost.Rpc.Tests.Transport;

public sealed class SpinPolicyTests
{
    private static readonly long s_whole = 50 * Stopwatch.Frequency / 1_000_000;

    [Fact]
    public void Looking_that_pays_goes_on()
    {
        SpinPolicy policy = new(50, processors: 2);

        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(s_whole, policy.Next());
            policy.Hit();
        }
    }

    [Fact]
    public void Three_times_in_vain_is_given_up_for_longer_and_longer()
    {
        SpinPolicy policy = new(50, processors: 2);
        Miss(policy, 3);

        int[] pauses = [.. Enumerable.Range(0, 9).Select(_ =>
        {
            int pause = PauseOf(policy);
            policy.Missed();
            return pause;
        })];

        Assert.Equal([4, 8, 16, 32, 64, 128, 256, 256, 256], pauses);
    }

    [Fact]
    public void One_success_makes_it_as_patient_as_at_first()
    {
        SpinPolicy policy = new(50, processors: 2);
        Miss(policy, 3);
        PauseOf(policy);

        policy.Hit();
        Miss(policy, 3);

        Assert.Equal(4, PauseOf(policy));
    }

    [Fact]
    public void With_one_core_there_is_nothing_to_look_for() => Assert.Equal(0, new SpinPolicy(50, processors: 1).Next());

    private static void Miss(SpinPolicy policy, int times)
    {
        for (int i = 0; i < times; i++)
        {
            Assert.Equal(s_whole, policy.Next());
            policy.Missed();
        }
    }

    /// <summary>How often it says no; ends with a yes.</summary>
    private static int PauseOf(SpinPolicy policy)
    {
        int pause = 0;
        while (policy.Next() == 0)
        {
            pause++;
        }

        return pause;
    }
}
