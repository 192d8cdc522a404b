using PluginHost.Runtime.InProcess;
using PluginHost.TestKit;

namespace PluginHost.InProcess.Tests.InProcess;

public sealed class ProofBudgetTests
{
    [Fact]
    public void One_forced_proof_is_allowed_in_each_interval()
    {
        ManualTimeProvider clock = new();
        ProofBudget budget = new(TimeSpan.FromMinutes(1), clock);

        Assert.True(budget.TryTake());
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(budget.TryTake());
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(budget.TryTake());
    }
}
