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
