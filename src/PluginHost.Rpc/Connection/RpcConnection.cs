using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Payloads;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Connection;

/// <summary>
/// One JSON-RPC 2.0 connection over a stream socket: calls go both ways at once. A thread of its own reads, or beyond 32 connections of a process one
/// that they share, or a caller that blocks; callers write from theirs and are never blocked by a peer that does not read. Thread-safe.
/// </summary>
/// <remarks>
/// A call fails with one of: a declared error as itself; <see cref="OperationCanceledException"/> with the caller's token; or an
/// <see cref="RpcException"/>. A call that is cancelled or timed out ends at once and the peer is asked to stop; its late answer is dropped.
/// Handlers of calls that come in run as <see cref="RpcOptions.Dispatch"/> says, side by side; those of notifications one after another, and what came
/// behind a notification begins once its handler has returned or awaits. When the connection ends, pending calls fail and running handlers are cancelled.
/// </remarks>
public sealed partial class RpcConnection : IAsyncDisposable
{
    private const string OwnMethods = "$/";
    private readonly RpcOptions _options;
    private readonly ILogger _logger;
    private readonly RpcTransport _transport;
    private readonly PendingTable _pending;
    private readonly Outbox _outbox;
    private readonly WaitingRequests _waiting = new();
    private readonly Completions _completions = new();
    private readonly FrameSender _sender;
    private readonly ConnectionChannel _channel;
    private readonly InboundCalls _inbound;
    private readonly Receiver _receiver;
    private readonly Intake _intake;
    private readonly HandlerThreads? _threads;
    private Reading? _reading;
    private bool _hasReaderThread;
    private readonly Sweep _sweep;
    private readonly PayloadPort? _payloads;
    private readonly TaskCompletionSource<RpcCloseReason> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _readerEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RpcCloseReason? _reason;
    private int _lostCalls;
    private int _codec;
    private bool _sendsByName;
    private int _isStarted;

    /// <summary>Creates a connection; nothing is read before <see cref="Start"/>.</summary>
    /// <param name="socket">A connected stream socket; owned from here on.</param>
    /// <param name="options">The settings.</param>
    /// <param name="targets">Whom the peer may call.</param>
    /// <param name="logger">Where to log.</param>
    /// <exception cref="ArgumentException">The settings are invalid; the message lists all problems.</exception>
    public RpcConnection(Socket socket, RpcOptions options, IReadOnlyList<Dispatcher> targets, ILogger logger)
        : this(new SocketTransport(socket), options, targets, logger)
    {
    }

    /// <summary>Creates a connection over a transport; nothing is read before <see cref="Start"/>.</summary>
    /// <param name="transport">What carries the frames; owned from here on.</param>
    /// <param name="options">The settings.</param>
    /// <param name="targets">Whom the peer may call.</param>
    /// <param name="logger">Where to log.</param>
    /// <exception cref="ArgumentException">The settings are invalid; the message lists all problems.</exception>
    public RpcConnection(RpcTransport transport, RpcOptions options, IReadOnlyList<Dispatcher> targets, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(logger);
        if (options.Validate() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join(" ", problems), nameof(options));
        }

        _options = options;
        _logger = logger;
        _codec = (int)options.Codec;
        _transport = transport;
        _pending = new PendingTable(options.MaxPendingOutbound);
        _outbox = new Outbox(_transport, options.MaxUnsentBytes, SendWaiting, options.ReaderThreadName + " (slow peer)");
        _sender = new FrameSender(options, _outbox, CloseUnread, logger);
        if (options.Payloads is { } payloads)
        {
            _payloads = new PayloadPort(payloads, options.MaxMessageBytes, options.Clock, _sender.SendChunks, e => Close(RpcCloseReason.From(e)));
            _sender.Payloads = _payloads;
        }

        _channel = new ConnectionChannel(this, options, _sender);
        Leases = new ConnectionLeases(_channel, logger);
        HandlerThreads? threads = options.Dispatch == RpcDispatch.Inline ? new HandlerThreads(options.ReaderThreadName + " (handler)") : null;
        _inbound = new InboundCalls(options.MaxPendingInbound, _sender, Leases, threads) { Chain = options.Chain };
        _sweep = new Sweep(options.Clock, options.SweepInterval, SweepOnce);
        _receiver = new Receiver(options, _pending, _inbound, Leases, _sender, logger);
        _intake = new Intake(options, transport, _receiver, _sweep.Arm, logger);
        _threads = threads;
        transport.MaySpin = static () => true;
        foreach (Dispatcher target in targets)
        {
            _receiver.AddTarget(target);
        }
    }

    /// <summary>Ends when the connection has ended, with the reason. Never faults.</summary>
    public Task<RpcCloseReason> Closed => _closed.Task;

    /// <summary>How many calls wait for their answers here.</summary>
    public int PendingOutbound => _pending.Count;

    /// <summary>
    /// How many calls had been sent and were not answered when the connection ended; calls of the protocol's own (<c>$/</c>) are not among them.
    /// To be read once <see cref="Closed"/> has ended.
    /// </summary>
    public int LostCalls => _lostCalls;

    /// <summary>How many calls of the peer are queued or running here.</summary>
    public int PendingInbound => _inbound.Count;

    /// <summary>How many sequences and objects of this side the peer has not let go of.</summary>
    public int OpenLeases => Leases.Sequences.Count + Leases.Objects.Count;

    /// <summary>How many sequences and objects of the peer this side has not let go of.</summary>
    public int HeldLeases => _channel.HeldSequences + Leases.RemoteObjects.Count;

    /// <summary>What outlives calls.</summary>
    internal ConnectionLeases Leases { get; }

    /// <summary>The codec of what this side begins.</summary>
    internal RpcCodec Codec => (RpcCodec)Volatile.Read(ref _codec);

    /// <summary>True where arguments go out by name.</summary>
    internal bool SendsByName => Volatile.Read(ref _sendsByName);

    /// <summary>The connection's large values; null where they are part of their messages.</summary>
    internal PayloadPort? Payloads => _payloads;

    /// <summary>True while somebody waits for room to send a large value in parts.</summary>
    internal bool IsWaitingForRoom => _outbox.IsRoomWanted;

    /// <summary>Starts reading. Call once.</summary>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    public void Start()
    {
        if (Interlocked.Exchange(ref _isStarted, 1) != 0)
        {
            throw new InvalidOperationException("The connection was started before.");
        }

        _reading = CreateReading();
        _reading.Start();
    }

    /// <summary>Lets the peer call one more dispatcher; where two have a name, the first added answers.</summary>
    public void AddTarget(Dispatcher target)
    {
        ArgumentNullException.ThrowIfNull(target);
        _receiver.AddTarget(target);
    }

    /// <summary>Chooses the codec of calls from here on. Answers go out in the codec their call came in, and both are always understood.</summary>
    /// <exception cref="InvalidOperationException">The framing is <see cref="RpcFraming.Newline"/>, which holds JSON only.</exception>
    public void UseCodec(RpcCodec codec)
    {
        if (codec != RpcCodec.Json && _options.Framing == RpcFraming.Newline)
        {
            throw new InvalidOperationException($"The framing is {RpcFraming.Newline}, which holds {RpcCodec.Json} only; {codec} was asked for.");
        }

        Volatile.Write(ref _codec, (int)codec);
    }

    /// <summary>
    /// Sends the arguments of calls from here on by name, as an object, where they go out as JSON and their method's parameters have known names. Calls
    /// that come in may use either form at any time.
    /// </summary>
    public void UseNamedArguments() => Volatile.Write(ref _sendsByName, true);

    /// <summary>
    /// Lets somebody else carry the calls that go to the peer's objects, and the steps of the peer's sequences: to count them, and to say what their
    /// failures mean. Their calls must go over this connection. Without it they go straight over it, and fail with <see cref="RpcException"/>.
    /// </summary>
    public void UseLeaseInvoker(IInvoker invoker)
    {
        ArgumentNullException.ThrowIfNull(invoker);
        _channel.UseInvoker(invoker);
    }

    /// <summary>Calls. Allocates nothing where arguments and result hold no references. Await the task once.</summary>
    /// <param name="call">The arguments.</param>
    /// <param name="timeout">How long the answer may take; <see cref="Timeout.InfiniteTimeSpan"/> for no bound.</param>
    /// <param name="ct">Ends the call at once and asks the peer to stop.</param>
    public ValueTask<RpcReply<TResult>> CallAsync<TCall, TResult>(TCall call, TimeSpan timeout, CancellationToken ct)
        where TCall : struct, ICall<TResult>
    {
        PendingCall<TCall, TResult> pending = PendingCall<TCall, TResult>.Rent(this, in call, timeout, isBlocking: false, ct);
        ValueTask<RpcReply<TResult>> task = pending.Task;
        Begin(pending, ct);
        _transport.Expect();
        _reading?.Expect();
        return task;
    }

    /// <summary>Calls and blocks the calling thread until the answer, the time-out or the cancellation.</summary>
    /// <inheritdoc cref="CallAsync"/>
    public RpcReply<TResult> Call<TCall, TResult>(TCall call, TimeSpan timeout, CancellationToken ct)
        where TCall : struct, ICall<TResult>
    {
        PendingCall<TCall, TResult> pending = PendingCall<TCall, TResult>.Rent(this, in call, timeout, isBlocking: true, ct);
        Begin(pending, ct);
        if (!pending.IsDone)
        {
            _transport.Expect();
            InlineReading.AboutToBlock();
            _reading?.ReadFor(pending);
        }

        return pending.Wait();
    }

    /// <summary>Sends a notification: nobody answers, and a failure over there is not seen.</summary>
    /// <param name="call">The arguments.</param>
    /// <returns>False where it was dropped: the connection has ended, or too much is unsent because the peer does not read.</returns>
    /// <exception cref="RpcSerializationException">The arguments cannot be written.</exception>
    public bool Notify<TCall>(TCall call)
        where TCall : struct, ICall<NoResult>
    {
        RpcCodec codec = Codec;
        OutputBuffer output = _sender.Begin();
        try
        {
            int start = output.Length;
            EnvelopeWriter.BeginNotification(output, codec, TCall.Method.Utf8WireName);
            CallEncoder.WriteArguments<TCall, NoResult>(in call, output, codec, SendsByName);
            TraceContext.Write(output, codec, start);
            EnvelopeWriter.End(output, codec);
            _sender.CheckSize(output);
        }
        catch (Exception e)
        {
            FrameSender.Abandon(output);
            throw new RpcSerializationException($"The arguments of {TCall.Method.WireName} cannot be sent: {e.Message}", e);
        }

        return _sender.Send(output, FrameUse.Notification, null) == AppendResult.Queued;
    }

    /// <summary>
    /// Says that the peer's process has ended, before the channel's own end is seen: what the peer sent is still read, then the connection ends. Returns
    /// at once.
    /// </summary>
    public void PeerEnded() => _transport.PeerEnded();

    /// <summary>Ends the connection: pending calls fail, handlers are cancelled. Waits for the reading thread, and for nothing of the peer.</summary>
    public async ValueTask DisposeAsync()
    {
        Close(new RpcCloseReason(RpcCloseKind.LocallyDisposed, "This side closed the connection."));
        if (Volatile.Read(ref _isStarted) != 0)
        {
            await _readerEnded.Task.ConfigureAwait(false);
        }
        else
        {
            _intake.Dispose();
            _transport.Dispose();
            _payloads?.Dispose();
        }
    }
}
