namespace PluginHost.Runtime.Model;

/// <summary>A generation in-process that was unloaded and is not yet proved gone from memory. Immutable.</summary>
/// <param name="Generation">Its number.</param>
/// <param name="Since">When it was asked to unload.</param>
/// <param name="IsLeak">
/// True where it counts as leaked: forced collections left it, or more of the application's own collections than <see cref="InProcess.UnloadOptions.Collections"/>.
/// It may still go later, when what holds it lets go.
/// </param>
/// <param name="AbandonedCalls">Calls that were still inside when it was unloaded.</param>
public sealed record UnprovedUnload(int Generation, DateTimeOffset Since, bool IsLeak, int AbandonedCalls);
