using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Connection;

/// <summary>Why a connection ended.</summary>
public enum RpcCloseKind
{
    /// <summary>This side disposed it.</summary>
    LocallyDisposed,

    /// <summary>The peer ended the stream between two messages.</summary>
    PeerClosed,

    /// <summary>The peer's end is gone: it died with bytes unread or unsent.</summary>
    ConnectionReset,

    /// <summary>The peer sent what cannot be read.</summary>
    ParseError,

    /// <summary>The peer broke the protocol.</summary>
    ProtocolViolation,

    /// <summary>The peer went over a limit; the detail names it, the value and the limit.</summary>
    LimitExceeded,

    /// <summary>The stream failed, or ended inside a message.</summary>
    StreamError,
}

/// <summary>Why a connection ended.</summary>
/// <param name="Kind">The cause.</param>
/// <param name="Detail">What happened, for a person.</param>
public sealed record RpcCloseReason(RpcCloseKind Kind, string Detail)
{
    /// <summary>The name of the limit that the peer went over, where it is one that is set (<c>MaxMessageBytes</c>); else null.</summary>
    public string? Limit { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}: {Detail}";

    internal static RpcCloseReason From(MalformedMessageException malformed) => new(
        malformed.Fault switch
        {
            MessageFault.Parse => RpcCloseKind.ParseError,
            MessageFault.Limit => RpcCloseKind.LimitExceeded,
            _ => RpcCloseKind.ProtocolViolation,
        },
        malformed.Message)
    {
        Limit = malformed.Limit,
    };
}
