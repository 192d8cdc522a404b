namespace PluginHost.Runtime.Tiers;

/// <summary>A start was cancelled, and there is more to say of it than that: what it was about when it ended.</summary>
/// <param name="detail">What, in whole sentences for people.</param>
/// <param name="cancelled">The cancellation.</param>
internal sealed class StartCancelledException(string detail, OperationCanceledException cancelled)
    : OperationCanceledException(cancelled.Message, cancelled, cancelled.CancellationToken)
{
    /// <summary>What the start was about.</summary>
    public string Detail { get; } = detail;
}
