using Samples.Faulty;

namespace Samples.Tests.Faulty;

/// <summary>What does not end the process; the rest is seen through the host.</summary>
public sealed class FaultyPluginTests
{
    [Fact]
    public async Task A_throw_has_the_message_and_an_inner_reason()
    {
        InvalidOperationException thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => new FaultyPlugin().ThrowAsync("broken"));

        Assert.Equal("broken", thrown.Message);
        Assert.IsType<FormatException>(thrown.InnerException);
    }

    [Fact]
    public async Task A_sleep_that_is_cancelled_stops_and_is_counted()
    {
        FaultyPlugin plugin = new();
        using CancellationTokenSource source = new();

        Task sleep = plugin.SleepAsync(60_000, source.Token);
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sleep);
        Assert.Equal((1, 1), (plugin.StartedCalls(), plugin.StoppedCalls()));
    }

    [Fact]
    public void A_hang_ignores_its_token_until_its_bound()
    {
        CancellationToken cancelled = new(canceled: true);

        new FaultyPlugin().Hang(1, cancelled);
    }

    [Fact]
    public async Task An_unasked_cancellation_ends_as_cancelled()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new FaultyPlugin().CancelUnaskedAsync());
    }

    [Fact]
    public void Allocated_memory_is_kept()
    {
        FaultyPlugin plugin = new();

        Assert.Equal(2, plugin.Allocate(2));
        Assert.Equal(3, plugin.Allocate(1));
    }
}
