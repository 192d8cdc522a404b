namespace PluginHost.Rpc.Messages;

/// <summary>What is wrong with the bytes that came.</summary>
internal enum MessageFault
{
    /// <summary>They are not what the codec or framing can read.</summary>
    Parse,

    /// <summary>They can be read and break the protocol.</summary>
    Protocol,

    /// <summary>They are larger than agreed.</summary>
    Limit,
}

/// <summary>The peer sent something after which its stream cannot be trusted: the connection closes.</summary>
internal sealed class MalformedMessageException : Exception
{
    /// <summary>The option that bounds a message's size, as <see cref="Limit"/> names it.</summary>
    public const string MessageSize = "MaxMessageBytes";

    public MalformedMessageException(MessageFault fault, string message)
        : base(message) => Fault = fault;

    public MalformedMessageException(MessageFault fault, string message, Exception innerException)
        : base(message, innerException) => Fault = fault;

    /// <summary>What is wrong.</summary>
    public MessageFault Fault { get; }

    /// <summary>Which option the limit is set by; null where it is none of them.</summary>
    public string? Limit { get; init; }

    /// <summary>
    /// The code of the error that a peer who wants to know is told before the connection closes; 0 where it was not the message that was wrong.
    /// </summary>
    public int AnswerCode { get; init; }
}
