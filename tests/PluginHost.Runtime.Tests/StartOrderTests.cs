using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests;

public sealed class StartOrderTests
{
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(30);
    private readonly ManualTimeProvider _clock = new();
    private readonly List<(string Id, TimeSpan Drain)> _stopped = [];

    [Theory]
    [InlineData("a b c", "a b c")]
    [InlineData("a>b b>c c", "c | b | a")]
    [InlineData("a>c b>c c d", "c d | a b")]
    [InlineData("a>a,nobody b", "a b")]
    public void Who_serves_others_starts_before_them(string plugins, string waves) => Assert.Equal(waves, Text(Waves(plugins)));

    [Theory]
    [InlineData("a>b b>a", "a | b")]
    [InlineData("a>b b>c c>a d e>a", "d | a | c e | b")]
    public void Plugins_that_serve_each_other_in_a_circle_follow_one_after_the_other(string plugins, string waves) => Assert.Equal(waves, Text(Waves(plugins)));

    [Fact]
    public async Task A_stop_takes_who_is_served_before_who_serves_and_one_wave_after_the_other()
    {
        TaskCompletionSource first = new();

        Task stop = StartOrder.StopAsync(Waves("a>b b>c c d>b"), s_drain, _clock, (id, drain) => StopAsync(id, drain, id == "a" ? first.Task : Task.CompletedTask));
        string[] before = [.. _stopped.Select(s => s.Id)];
        first.SetResult();
        await stop;

        Assert.Equal(["a", "d"], before);
        Assert.Equal(["a", "d", "b", "c"], _stopped.Select(s => s.Id));
    }

    [Fact]
    public async Task All_waves_share_one_time_to_drain()
    {
        await StartOrder.StopAsync(Waves("a>b b>c c"), s_drain, _clock, (id, drain) =>
        {
            _clock.Advance(TimeSpan.FromSeconds(10));
            return StopAsync(id, drain, Task.CompletedTask);
        });

        Assert.Equal([30, 20, 10], _stopped.Select(s => s.Drain.TotalSeconds));
    }

    [Fact]
    public async Task Once_the_time_is_over_all_that_is_left_is_stopped_at_once()
    {
        TaskCompletionSource never = new();

        Task stop = StartOrder.StopAsync(Waves("a>b b>c c>d d"), s_drain, _clock, (id, drain) =>
        {
            _clock.Advance(s_drain);
            return StopAsync(id, drain, id == "a" ? Task.CompletedTask : never.Task);
        });

        Assert.Equal([("a", s_drain), ("b", TimeSpan.Zero), ("c", TimeSpan.Zero), ("d", TimeSpan.Zero)], _stopped);
        Assert.False(stop.IsCompleted);
        never.SetResult();
        await stop;
    }

    private static IReadOnlyList<IReadOnlyList<string>> Waves(string text)
    {
        string[][] plugins = [.. text.Split(' ').Select(p => p.Split('>', ','))];
        return StartOrder.Waves([.. plugins.Select(p => p[0])], id => id, id => plugins.Single(p => p[0] == id)[1..]);
    }

    private static string Text(IReadOnlyList<IReadOnlyList<string>> waves) => string.Join(" | ", waves.Select(w => string.Join(' ', w)));

    private Task StopAsync(string id, TimeSpan drain, Task end)
    {
        _stopped.Add((id, drain));
        return end;
    }
}
