using PluginHost.Contracts.Faults;

namespace PluginHost.Faults.Tests.Support;

/// <summary>Calls of the victim that are under way while it is broken.</summary>
internal sealed class CallsInFlight : IAsyncDisposable
{
    private const int Count = 3;
    private const int Milliseconds = 10 * 60 * 1000;
    private readonly CancellationTokenSource _enough = new();
    private readonly Task[] _calls;

    private CallsInFlight(FaultHost host, int count) =>
        _calls = [.. Enumerable.Range(0, count).Select(_ => host.Victim.SleepAsync(Milliseconds, _enough.Token))];

    /// <summary>Makes them, and waits until each is inside the plugin.</summary>
    public static async Task<CallsInFlight> BeginAsync(FaultHost host, InFlight expected)
    {
        int before = expected == InFlight.None ? 0 : host.Victim.StartedCalls();
        CallsInFlight calls = new(host, expected == InFlight.None ? 0 : Count);
        await host.UntilAsync(() => calls._calls.Length == 0 || host.Victim.StartedCalls() == before + Count, "The calls are inside the plugin");
        return calls;
    }

    /// <summary>Waits for their ends, where they are to end, and gives the errors: typed, each of them, and in time.</summary>
    public async Task<IReadOnlyList<PluginException>> EndAsync(InFlight expected, TimeSpan within)
    {
        if (expected == InFlight.GoOn)
        {
            Assert.All(_calls, call => Assert.False(call.IsCompleted, $"A call in flight ended: {call.Exception?.Message}"));
            return [];
        }

        List<PluginException> errors = [];
        foreach (Task call in _calls)
        {
            errors.Add(await Assert.ThrowsAnyAsync<PluginException>(() => call.WaitAsync(within)));
        }

        return errors;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();

        // One that does not end has failed its test already.
        await Task.WhenAny(Task.WhenAll(_calls), Task.Delay(FaultHost.Patience));
        _enough.Dispose();
    }
}
