namespace PluginHost.Runtime.OutOfProcess;

/// <summary>What carries the messages between host and .NET worker.</summary>
public enum WorkerTransport
{
    /// <summary>The engine's choice: the ring, where the system has what it needs, else the socket.</summary>
    Auto,

    /// <summary>The socket alone.</summary>
    Socket,

    /// <summary>Two rings in shared memory beside the socket; the socket alone, with a warning in the log, where they cannot be made.</summary>
    Ring,
}
