using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Connection;

/// <summary>A call failed by the connection or the peer, and not by an error its contract declares.</summary>
public abstract class RpcException : Exception
{
    private protected RpcException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>The peer answered with an error.</summary>
public sealed class RpcErrorException : RpcException
{
    internal RpcErrorException(string method, ErrorBody body)
        : base($"{method} failed: {body.Message} (code {body.Code})")
    {
        Code = body.Code;
        ErrorMessage = body.Message;
        RemoteType = body.Type;
        RemoteMessage = body.RemoteMessage ?? body.Message;
        RemoteStack = body.Stack;
    }

    /// <summary>The error's code; see <see cref="RpcErrorCodes"/>.</summary>
    public int Code { get; }

    /// <summary>The error's own message, as the peer sent it. At most 32,768 characters.</summary>
    public string ErrorMessage { get; }

    /// <summary>The full name of the exception's type in the peer, or null.</summary>
    public string? RemoteType { get; }

    /// <summary>The message of the exception in the peer; where none came, <see cref="ErrorMessage"/>.</summary>
    public string RemoteMessage { get; }

    /// <summary>The stack trace of the exception in the peer, or null.</summary>
    public string? RemoteStack { get; }
}

/// <summary>No answer came within the call's time; the peer was asked to cancel.</summary>
public sealed class RpcTimeoutException : RpcException
{
    internal RpcTimeoutException(string method, TimeSpan timeout, bool wasSent)
        : base(wasSent ? $"{method} did not answer within {timeout}." : $"{method} could not be sent within {timeout}: the peer does not read.")
    {
        Timeout = timeout;
        WasSent = wasSent;
    }

    /// <summary>The time the call had.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>False where the request surely never left.</summary>
    public bool WasSent { get; }
}

/// <summary>The connection ended before the answer came.</summary>
public sealed class RpcConnectionLostException : RpcException
{
    internal RpcConnectionLostException(string method, RpcCloseReason reason, bool wasSent)
        : base($"{method} got no answer: the connection ended. {reason.Detail}")
    {
        Reason = reason;
        WasSent = wasSent;
    }

    /// <summary>Why the connection ended.</summary>
    public RpcCloseReason Reason { get; }

    /// <summary>False where the request surely never left: it can be sent again without harm.</summary>
    public bool WasSent { get; }
}

/// <summary>The object or the sequence of the peer that was called is not there any more: it was released, or has ended. The connection goes on.</summary>
public sealed class RpcReleasedException : RpcException
{
    private RpcReleasedException(string method, Exception innerException)
        : base($"{method} failed: the peer no longer has the object or the sequence that it goes to.", innerException)
    {
    }

    /// <summary>What the failure of a call to something handed out means.</summary>
    internal static Exception Of(string method, Exception failure)
    {
        // Some peers know no method of that name any more, and one says it as arguments that fit none.
        bool isGone = failure is RpcErrorException error && error.Code switch
        {
            RpcErrorCodes.ObjectGone or RpcErrorCodes.MethodNotFound => true,
            RpcErrorCodes.InvalidParams => error.ErrorMessage.Contains("$/invokeProxy/", StringComparison.Ordinal),
            _ => false,
        };
        return isGone ? new RpcReleasedException(method, failure) : failure;
    }
}

/// <summary>The arguments could not be written, or the result could not be read. The connection goes on.</summary>
public sealed class RpcSerializationException : RpcException
{
    internal RpcSerializationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The connection has as many calls waiting for answers as it may have. Nothing was sent.</summary>
public sealed class RpcLimitException : RpcException
{
    internal RpcLimitException(string method, int limit)
        : base($"{method} was not sent: {limit} calls of this connection wait for their answers, and that is its limit.") => Limit = limit;

    /// <summary>The limit.</summary>
    public int Limit { get; }
}
