using System.Diagnostics.CodeAnalysis;

namespace PluginHost.Rpc.Leasing;

/// <summary>The token of a result that outlives its call: cancelled once, on a pool thread, when its lease ends. Thread-safe.</summary>
/// <param name="channel">For what fails in callbacks.</param>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing; a late cancellation may still come.")]
internal sealed class LeaseLifetime(LeaseChannel channel)
{
    private readonly CancellationTokenSource _source = new();
    private int _isEnded;

    /// <summary>The token.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Cancels the token. What is registered there is user code, so it runs elsewhere.</summary>
    public void End()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static lifetime => lifetime.Cancel(), this, preferLocal: false);
        }
    }

    private void Cancel()
    {
        try
        {
            _source.Cancel();
        }
        catch (AggregateException e)
        {
            channel.Failed("A callback on the token of a sequence", e);
        }
    }
}
