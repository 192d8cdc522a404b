namespace PluginHost.Runtime.OutOfProcess;

/// <summary>How a call comes to a worker: with or without a place inside it.</summary>
/// <param name="IsHeld">It has its place already; the worker gives it back.</param>
/// <param name="IsFree">It needs none: a call that waits for it has one.</param>
/// <param name="Began">When it began, as a Stopwatch timestamp; 0 for now.</param>
/// <param name="Queued">The Stopwatch ticks that it waited for its place.</param>
internal readonly record struct CallPlace(bool IsHeld, bool IsFree, long Began, long Queued)
{
    /// <summary>It has a place for which it has not waited.</summary>
    public static CallPlace Held => new(IsHeld: true, IsFree: false, 0, 0);

    /// <summary>It needs no place.</summary>
    public static CallPlace Free => new(IsHeld: false, IsFree: true, 0, 0);
}
