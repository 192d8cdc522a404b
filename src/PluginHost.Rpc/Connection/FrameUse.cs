namespace PluginHost.Rpc.Connection;

/// <summary>What a frame is, and so what happens to it where the peer does not read.</summary>
internal enum FrameUse
{
    /// <summary>A request: it waits.</summary>
    Request,

    /// <summary>A notification: it is refused.</summary>
    Notification,

    /// <summary>An answer: it has room of its own, and past that the connection ends.</summary>
    Answer,
}

/// <summary>What came of queueing a frame.</summary>
internal enum AppendResult
{
    /// <summary>It is sent or will be.</summary>
    Queued,

    /// <summary>It was not taken: too much is unsent.</summary>
    Full,

    /// <summary>It was not taken: the connection has ended.</summary>
    Closed,
}
