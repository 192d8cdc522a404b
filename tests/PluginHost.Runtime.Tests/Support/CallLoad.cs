using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace PluginHost.Runtime.Tests.Support;

/// <summary>
/// Calls at a steady rate and accounts for every one. A machine that cannot keep up gets fewer: at most so many calls are under way at once.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The semaphore holds no handle, and calls may outlive the test that failed.")]
internal sealed class CallLoad
{
    private const int MostAtOnce = 64;
    private readonly ConcurrentBag<Task> _calls = [];
    private volatile bool _isEnding;
    private readonly SemaphoreSlim _room = new(MostAtOnce);
    private readonly Task _sending;

    /// <summary>Begins.</summary>
    /// <param name="perSecond">Calls a second.</param>
    /// <param name="calls">The calls, in turn.</param>
    public CallLoad(int perSecond, params Func<Task>[] calls) => _sending = Task.Run(() => SendAsync(perSecond, calls));

    /// <summary>How many were sent so far.</summary>
    public int Sent => _calls.Count;

    /// <summary>Ends, and waits for every answer.</summary>
    /// <returns>How many were answered, and what the others threw.</returns>
    public async Task<(int Answered, IReadOnlyList<Exception> Failures)> EndAsync()
    {
        _isEnding = true;
        await _sending;
        await Task.WhenAll(_calls).WaitAsync(TimeSpan.FromSeconds(30)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Exception[] failures = [.. _calls.Where(c => !c.IsCompletedSuccessfully).Select(c => c.Exception?.InnerException ?? new TimeoutException($"A call ended as {c.Status}."))];
        return (_calls.Count - failures.Length, failures);
    }

    private async Task SendAsync(int perSecond, Func<Task>[] calls)
    {
        long began = Stopwatch.GetTimestamp();
        for (int sent = 0; !_isEnding; sent++)
        {
            TimeSpan ahead = TimeSpan.FromSeconds((double)sent / perSecond) - Stopwatch.GetElapsedTime(began);
            if (ahead > TimeSpan.Zero)
            {
                await Task.Delay(ahead);
            }

            await _room.WaitAsync();
            Func<Task> call = calls[sent % calls.Length];
            _calls.Add(Task.Run(() => CallAsync(call)));
        }
    }

    private async Task CallAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        finally
        {
            _room.Release();
        }
    }
}
