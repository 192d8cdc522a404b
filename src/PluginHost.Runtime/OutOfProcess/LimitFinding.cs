namespace PluginHost.Runtime.OutOfProcess;

/// <summary>Why the host killed a worker that went over a limit.</summary>
/// <param name="Limit">Which, by the name that it is set by.</param>
/// <param name="What">What was so, with both values: the end of a sentence that begins with the worker.</param>
internal sealed record LimitFinding(string Limit, string What);
