using PluginHost.Runtime.InProcess;

namespace PluginHost.Runtime.Tests.InProcess;

public sealed class UnloadOptionsTests
{
    private static readonly UnloadOptions s_options = new() { Collections = 5, Grace = TimeSpan.FromSeconds(10) };

    [Theory]
    [InlineData(4, 60, false, UnloadStep.Wait)]
    [InlineData(5, 9, false, UnloadStep.Wait)]
    [InlineData(5, 10, false, UnloadStep.ClearCaches)]
    [InlineData(4, 60, true, UnloadStep.Wait)]
    [InlineData(5, 10, true, UnloadStep.Leaked)]
    public void It_waits_for_collections_and_time_then_empties_caches_and_only_then_it_leaked(int collections, int seconds, bool hasCleared, object step) =>
        Assert.Equal((UnloadStep)step, UnloadPatience.Next(s_options, collections, TimeSpan.FromSeconds(seconds), hasCleared));

    [Fact]
    public void Where_the_operator_wants_no_caches_emptied_it_leaked_at_once() =>
        Assert.Equal(UnloadStep.Leaked, UnloadPatience.Next(s_options with { ClearFrameworkCaches = false }, 5, TimeSpan.FromSeconds(10), hasCleared: false));

    [Fact]
    public void All_problems_are_named_at_once()
    {
        UnloadOptions options = new() { Collections = 0, Grace = TimeSpan.FromDays(2) };

        Assert.Equal(
            ["Unload.Collections is 0; expected 1 to 1000.", "Unload.Grace is 2.00:00:00; expected zero to 1.00:00:00."],
            options.Validate());
        Assert.Empty(new UnloadOptions().Validate());
    }
}
