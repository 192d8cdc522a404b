namespace PluginHost.Rpc.Connection;

/// <summary>A call of the peer that has come in and is not answered yet. Immutable.</summary>
/// <param name="Method">Its method's wire name.</param>
/// <param name="HasBegun">False while it waits for a thread.</param>
/// <param name="Running">How long it has been running; zero where it has not begun.</param>
/// <param name="AskedToStop">How long ago the peer asked to stop it; null where it did not.</param>
public sealed record RunningCall(string Method, bool HasBegun, TimeSpan Running, TimeSpan? AskedToStop);
