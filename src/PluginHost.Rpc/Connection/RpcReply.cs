namespace PluginHost.Rpc.Connection;

/// <summary>An answer.</summary>
/// <typeparam name="T">The result.</typeparam>
/// <param name="Value">The result.</param>
/// <param name="InsideNanoseconds">How long the callee's own code took, or -1 where the peer did not say.</param>
public readonly record struct RpcReply<T>(T Value, long InsideNanoseconds);
