using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Framing;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Payloads;

namespace PluginHost.Rpc.Connection;

/// <summary>How messages are told apart on the stream.</summary>
public enum RpcFraming
{
    /// <summary>A 4-byte big-endian length: between host and .NET worker.</summary>
    Length,

    /// <summary>A <c>Content-Length</c> header: what most other peers speak.</summary>
    Header,

    /// <summary>One message a line: for peers that print. JSON only.</summary>
    Newline,
}

/// <summary>Where handlers of calls that come in run.</summary>
public enum RpcDispatch
{
    /// <summary>On the thread pool: nothing of the peer's choosing ever runs on the reading thread.</summary>
    Pool,

    /// <summary>
    /// On the reading thread where the method's handlers have been quick, else on threads of the connection's own. A handler that holds the reading
    /// thread for more than about a millisecond keeps that thread, and another one reads on.
    /// </summary>
    Inline,
}

/// <summary>What a call does whose caller cancels it.</summary>
public enum RpcCancelMode
{
    /// <summary>It ends at once; its late answer is dropped.</summary>
    Abandon,

    /// <summary>It ends with its answer, whatever that is, or when <see cref="RpcOptions.CancelWait"/> has passed.</summary>
    WaitForAnswer,
}

/// <summary>A connection's settings. Immutable.</summary>
public sealed record RpcOptions
{
    /// <summary>The codec of the first calls; <see cref="RpcConnection.UseCodec"/> changes it. Frames in either codec are always understood. Default: JSON.</summary>
    public RpcCodec Codec { get; init; } = RpcCodec.Json;

    /// <summary>The framing. Default: a length.</summary>
    public RpcFraming Framing { get; init; } = RpcFraming.Length;

    /// <summary>
    /// True closes the connection on a message that does not say <c>"jsonrpc":"2.0"</c>; false takes it, as most peers do. Default: false.
    /// </summary>
    public bool RequiresVersion { get; init; }

    /// <summary>
    /// True closes the connection on JSON that is not UTF-8; false reads what is no text as U+FFFD, as most peers do. Default: false.
    /// </summary>
    public bool RequiresUtf8 { get; init; }

    /// <summary>
    /// True tells the peer what was wrong with a message that could not be read, before the connection closes: error -32700, or -32600 where it was no
    /// object, such as a batch, with the id null. For peers that take such an answer; StreamJsonRpc closes on it. The connection
    /// does not wait for it: it may be lost where another thread is just sending. Default: false.
    /// </summary>
    public bool AnswersMalformed { get; init; }

    /// <summary>Where handlers run. Default: the thread pool.</summary>
    public RpcDispatch Dispatch { get; init; } = RpcDispatch.Pool;

    /// <summary>The largest message in bytes, in both directions. Default: 16 MiB; at least 1 KiB.</summary>
    public int MaxMessageBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>How many incoming calls may be queued or running; further ones are answered with an error. Default: 1,024.</summary>
    public int MaxPendingInbound { get; init; } = 1024;

    /// <summary>How many outgoing calls may wait for answers, timed-out and cancelled ones included. Default: 16,384; at most 65,536.</summary>
    public int MaxPendingOutbound { get; init; } = 16 * 1024;

    /// <summary>
    /// How many bytes may wait to be sent; then callers wait. Answers may use four times as much, then the connection closes. Default: 32 MiB.
    /// </summary>
    public int MaxUnsentBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>
    /// How large values travel beside messages; both sides have it or neither. Null: they are part of their message. Default: null.
    /// </summary>
    public PayloadOptions? Payloads { get; init; }

    /// <summary>How many answers to calls nobody made are ignored before the connection closes. Default: 100.</summary>
    public int MaxUnsolicitedAnswers { get; init; } = 100;

    /// <summary>How long a message may take from its first byte to its last. Default: 30 s.</summary>
    public TimeSpan FrameTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often deadlines are looked at: a call ends at most this long after its time. Default: 50 ms.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// What a cancelled call does. Default: <see cref="RpcCancelMode.Abandon"/>. A call that ran out of time never waits.
    /// </summary>
    public RpcCancelMode CancelMode { get; init; } = RpcCancelMode.Abandon;

    /// <summary>How long a cancelled call waits for its answer in <see cref="RpcCancelMode.WaitForAnswer"/>. Default: 10 s.</summary>
    public TimeSpan CancelWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// True where the peer is told type and stack of exceptions: of a worker to its host. A host tells a plugin code and message only. Default: true.
    /// </summary>
    public bool SendsStacks { get; init; } = true;

    /// <summary>
    /// True where a handler's activity becomes a child of the peer's; else it is only linked to it. Default: false, for a peer may say anything.
    /// </summary>
    public bool TrustsPeerTrace { get; init; }

    /// <summary>The bounds of progress, sequences and objects of contracts.</summary>
    public LeaseOptions Leases { get; init; } = new();

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Hears of calls that come in as parts of a chain of calls; null where nobody asks. Default: null.</summary>
    public CallChain? Chain { get; init; }

    /// <summary>The name of the reading thread, for debuggers and dumps.</summary>
    public string ReaderThreadName { get; init; } = "PluginHost.Rpc reader";

    /// <summary>Writes and finds frames.</summary>
    internal FrameFormat Format => Framing switch
    {
        RpcFraming.Length => LengthFormat.Instance,
        RpcFraming.Header => HeaderFormat.Instance,
        _ => NewlineFormat.Instance,
    };

    /// <summary>
    /// True where answers say how long the handler took: between host and .NET worker. Other peers get the canonical form and nothing more.
    /// </summary>
    internal bool TellsInside => Framing == RpcFraming.Length;

    /// <summary>Checks the settings.</summary>
    /// <returns>All problems; empty where there are none.</returns>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        Check(problems, nameof(MaxMessageBytes), MaxMessageBytes, 1024, 1024 * 1024 * 1024);
        Check(problems, nameof(MaxPendingInbound), MaxPendingInbound, 1, 1_000_000);
        Check(problems, nameof(MaxPendingOutbound), MaxPendingOutbound, 1, 65_536);
        Check(problems, nameof(MaxUnsentBytes), MaxUnsentBytes, 1024, 1024 * 1024 * 1024);
        Check(problems, nameof(MaxUnsolicitedAnswers), MaxUnsolicitedAnswers, 0, 1_000_000);
        Check(problems, nameof(FrameTimeout), FrameTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1));
        Check(problems, nameof(CancelWait), CancelWait, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1));
        Check(problems, nameof(SweepInterval), SweepInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        if (Codec is not (RpcCodec.MessagePack or RpcCodec.Json))
        {
            problems.Add($"{nameof(Codec)} is {Codec}; expected {RpcCodec.MessagePack} or {RpcCodec.Json}.");
        }

        if (Framing is not (RpcFraming.Length or RpcFraming.Header or RpcFraming.Newline))
        {
            problems.Add($"{nameof(Framing)} is {Framing}; expected {RpcFraming.Length}, {RpcFraming.Header} or {RpcFraming.Newline}.");
        }

        if (Framing == RpcFraming.Newline && Codec != RpcCodec.Json)
        {
            problems.Add($"{nameof(Framing)} is {Framing} and {nameof(Codec)} is {Codec}; lines hold {RpcCodec.Json} only.");
        }

        if (Dispatch is not (RpcDispatch.Pool or RpcDispatch.Inline))
        {
            problems.Add($"{nameof(Dispatch)} is {Dispatch}; expected {RpcDispatch.Pool} or {RpcDispatch.Inline}.");
        }

        problems.AddRange(Payloads?.Validate() ?? []);
        problems.AddRange(Leases.Validate());
        return problems;
    }

    // Not generic over the value: a worker checks these at its start, and generic code over primitives is compiled then.
    private static void Check(List<string> problems, string name, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            problems.Add($"{name} is {value}; expected {least} to {most}.");
        }
    }

    private static void Check(List<string> problems, string name, TimeSpan value, TimeSpan least, TimeSpan most)
    {
        if (value < least || value > most)
        {
            problems.Add($"{name} is {value}; expected {least} to {most}.");
        }
    }
}
