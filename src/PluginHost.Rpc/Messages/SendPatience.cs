namespace PluginHost.Rpc.Messages;

/// <summary>How long whoever sends a message waits for a peer that is slower than it.</summary>
/// <param name="Deadline">A timestamp of the connection's clock; 0 or <see cref="long.MaxValue"/> for none.</param>
/// <param name="GivenUp">Ends the wait.</param>
internal readonly record struct SendPatience(long Deadline, CancellationToken GivenUp);
