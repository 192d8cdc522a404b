namespace PluginHost.Rpc.Messages;

/// <summary>What a message is.</summary>
internal enum MessageKind
{
    /// <summary>A method and an id.</summary>
    Request,

    /// <summary>A method without id.</summary>
    Notification,

    /// <summary>An answer with a result.</summary>
    Result,

    /// <summary>An answer with an error.</summary>
    Error,

    /// <summary>A request that cannot be taken although its id can be answered: the method's name is no string.</summary>
    InvalidRequest,
}

/// <summary>What an id is.</summary>
internal enum IdKind
{
    /// <summary>The member is absent.</summary>
    None,

    /// <summary>Null.</summary>
    Null,

    /// <summary>An integer that fits 64 bits.</summary>
    Integer,

    /// <summary>Anything else: a string, a fraction. Compared and echoed byte by byte.</summary>
    Raw,
}

/// <summary>A part of a frame.</summary>
internal readonly record struct Slice(int Start, int Length)
{
    /// <summary>True where the member was absent.</summary>
    public bool IsAbsent => Length == 0;

    /// <summary>The part's bytes.</summary>
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> frame) => frame.Slice(Start, Length);
}

/// <summary>One message, as places in its frame: nothing is copied or decoded yet.</summary>
internal struct Envelope
{
    /// <summary>The longest id that is taken, in bytes as written.</summary>
    public const int MaxIdBytes = 128;

    /// <summary>What the message is.</summary>
    public MessageKind Kind;

    /// <summary>What the id is.</summary>
    public IdKind IdKind;

    /// <summary>The id, where it is an integer.</summary>
    public long Id;

    /// <summary>The id as written.</summary>
    public Slice RawId;

    /// <summary>The method's name, without quotes or header.</summary>
    public Slice Method;

    /// <summary>True where the name contains JSON escapes.</summary>
    public bool IsMethodEscaped;

    /// <summary>The arguments: absent, or one value.</summary>
    public Slice Params;

    /// <summary>The result value.</summary>
    public Slice Result;

    /// <summary>The error value.</summary>
    public Slice Error;

    /// <summary>What chain of calls a request belongs to, a text.</summary>
    public Slice Chain;

    /// <summary>The caller's place in a trace.</summary>
    public Slice TraceParent;

    /// <summary>What the caller's tracing systems add to it.</summary>
    public Slice TraceState;

    /// <summary>The callee's own time in nanoseconds, or -1.</summary>
    public long Inside;

    /// <summary>True where the message says that it is JSON-RPC 2.0.</summary>
    public bool HasVersion;

    /// <summary>Says what the message is from the members that came.</summary>
    /// <param name="hasMethod">The member <c>method</c> is there.</param>
    /// <param name="isMethodText">It is a string.</param>
    /// <param name="isErrorNull">The member <c>error</c> is null.</param>
    /// <exception cref="MalformedMessageException">It is nothing that JSON-RPC 2.0 knows.</exception>
    public void Classify(bool hasMethod, bool isMethodText, bool isErrorNull)
    {
        if (hasMethod)
        {
            if (!isMethodText && IdKind == IdKind.None)
            {
                throw new MalformedMessageException(MessageFault.Protocol, "The message's 'method' is no string.") { AnswerCode = RpcErrorCodes.InvalidRequest };
            }

            Kind = !isMethodText ? MessageKind.InvalidRequest : IdKind == IdKind.None ? MessageKind.Notification : MessageKind.Request;
        }
        else if (!Error.IsAbsent && (!isErrorNull || Result.IsAbsent))
        {
            Kind = MessageKind.Error;
        }
        else if (!Result.IsAbsent)
        {
            Kind = MessageKind.Result;
        }
        else
        {
            throw new MalformedMessageException(MessageFault.Protocol, "The message has no 'method', no 'result' and no 'error'.") { AnswerCode = RpcErrorCodes.InvalidRequest };
        }
    }
}
