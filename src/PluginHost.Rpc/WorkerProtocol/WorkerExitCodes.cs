namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>How a worker says, by its exit code, why it ended.</summary>
public static class WorkerExitCodes
{
    /// <summary>Told to stop, or the host closed the connection.</summary>
    public const int Stopped = 0;

    /// <summary>Started without the environment or arguments it needs.</summary>
    public const int BadArguments = 64;

    /// <summary>Host and worker have no protocol version or codec in common.</summary>
    public const int HandshakeRefused = 65;

    /// <summary>The plugin could not be loaded or started; the answer to the load said why.</summary>
    public const int LoadFailed = 66;

    /// <summary>The host's process is gone.</summary>
    public const int ParentGone = 67;

    /// <summary>The host's messages could not be understood.</summary>
    public const int ProtocolError = 68;
}

/// <summary>The environment variables a worker is started with.</summary>
public static class WorkerEnvironment
{
    /// <summary>The number of the inherited descriptor: a connected stream socket.</summary>
    public const string Descriptor = "PLUGINHOST_FD";

    /// <summary>
    /// Whose the process is: <c>HOST/NUMBER</c>, the host as <c>PID-START-NAMESPACE</c> and the number of the child. What a plugin starts inherits
    /// it, so that it can be found and ended when its host or its worker is gone.
    /// </summary>
    public const string Owner = "PLUGINHOST_OWNER";
}

/// <summary>What the worker's program does in place of running a plugin: its first argument. The second is the host, as in <see cref="WorkerEnvironment.Owner"/>.</summary>
public static class WorkerModes
{
    /// <summary>Waits on the inherited channel for its host to end, and then ends all that the host's workers have started.</summary>
    public const string Reap = "reap";

    /// <summary>Ends all that a dead host's workers have left running, prints one line <c>PID NUMBER NAME</c> each, and ends.</summary>
    public const string Sweep = "sweep";

    /// <summary>Begins a line on the reaper's channel, before a number and a process id: a child has started.</summary>
    public const string Began = "+";

    /// <summary>Begins a line before a number: that child has ended, and what it has started is to end.</summary>
    public const string Ended = "-";

    /// <summary>Begins a line before a number: no child is left; what those up to that number have started is to end, and the reaper with it.</summary>
    public const string Finish = ".";
}

/// <summary>What both sides of this release speak.</summary>
public static class WorkerProtocolVersion
{
    /// <summary>The oldest version spoken.</summary>
    public const int Min = 1;

    /// <summary>The newest version spoken.</summary>
    public const int Max = 1;

    /// <summary>MessagePack's name in the handshake.</summary>
    public const string MessagePack = "messagepack";

    /// <summary>JSON's name in the handshake.</summary>
    public const string Json = "json";

    /// <summary>The socket's name in the handshake.</summary>
    public const string Socket = "socket";

    /// <summary>The rings' name in the handshake.</summary>
    public const string Ring = "ring";
}
