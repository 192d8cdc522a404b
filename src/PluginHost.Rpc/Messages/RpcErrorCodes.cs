namespace PluginHost.Rpc.Messages;

/// <summary>The codes of error answers.</summary>
public static class RpcErrorCodes
{
    /// <summary>A declared error; <c>data</c> holds its type and value.</summary>
    public const int Declared = 1;

    /// <summary>The handler threw something that its contract does not declare.</summary>
    public const int Invocation = -32000;

    /// <summary>The object or the sequence that was asked for was released, or has ended.</summary>
    public const int ObjectGone = -32001;

    /// <summary>The result could not be written in the connection's codec.</summary>
    public const int ResultSerialization = -32003;

    /// <summary>The callee has as many calls as it takes; try again later.</summary>
    public const int LimitExceeded = -32005;

    /// <summary>The message could not be read; the connection ends. Only to peers that take such an answer.</summary>
    public const int Parse = -32700;

    /// <summary>A malformed request, or an id that is in use.</summary>
    public const int InvalidRequest = -32600;

    /// <summary>No method has that name.</summary>
    public const int MethodNotFound = -32601;

    /// <summary>The arguments do not fit the method; it was not called.</summary>
    public const int InvalidParams = -32602;

    /// <summary>The callee failed for a reason of its own.</summary>
    public const int Internal = -32603;

    /// <summary>The caller asked to cancel, and the call was cancelled.</summary>
    public const int Cancelled = -32800;
}
