namespace PluginHost.Rpc.Connection;

/// <summary>A call's time was over while a large value went ahead of its request. Ends as the call's time-out, and is seen by nobody else.</summary>
internal sealed class SendTimeOverException() : Exception("The call's time ended while a large value went ahead of it.");
