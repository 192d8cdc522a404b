using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Payloads;

/// <summary>Sends a whole value in chunks, before the message that names it; an empty value tells the peer to forget the transfer.</summary>
/// <param name="transfer">The transfer's number.</param>
/// <param name="value">The value.</param>
/// <param name="patience">How long its sender waits.</param>
/// <exception cref="ValueFormatException">The peer does not take them.</exception>
/// <exception cref="OperationCanceledException">The sender waits no longer.</exception>
internal delegate void ChunkSender(long transfer, ReadOnlySpan<byte> value, SendPatience patience);

/// <summary>
/// One connection's large values: those that go out, into shared memory or in chunks, and those that come in. Thread-safe.
/// </summary>
internal sealed class PayloadPort : PayloadSink, IDisposable
{
    private const int EnvelopeRoom = 256;
    private readonly PayloadOptions _options;
    private readonly int _maxMessageBytes;
    private readonly Action<MalformedMessageException> _violated;
    private readonly ChunkSender _chunks;
    private readonly TimeProvider _clock;
    private readonly PayloadArea? _area;
    private readonly PeerArea? _peer;
    private readonly Transfers _transfers;
    private long _lastTransfer;

    /// <param name="options">The settings.</param>
    /// <param name="maxMessageBytes">The largest message.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="chunks">Sends chunks.</param>
    /// <param name="violated">Told where the peer says what cannot be; ends the connection.</param>
    public PayloadPort(
        PayloadOptions options, int maxMessageBytes, TimeProvider clock, ChunkSender chunks, Action<MalformedMessageException> violated)
    {
        _options = options;
        _maxMessageBytes = maxMessageBytes;
        _violated = violated;
        _chunks = chunks;
        _clock = clock;
        _transfers = new Transfers(options.MaxBytes);
        if (options.Memory is not null)
        {
            _area = new PayloadArea(options, clock, violated);
            _peer = new PeerArea(options);
        }
    }

    /// <summary>This side's area of the shared memory; null where there is none.</summary>
    public PayloadArea? Area => _area;

    /// <inheritdoc/>
    public override bool TryPlace(ReadOnlySpan<byte> value, OutputBuffer message, bool isText, out PayloadReference reference)
    {
        reference = default;
        if (value.Length <= _options.ThresholdBytes)
        {
            return false;
        }

        CheckLength(value.Length);
        if (!isText && _area is not null && _area.TryWrite(value, out long offset))
        {
            reference = new PayloadReference(PayloadCarrier.SharedMemory, offset, value.Length);
        }
        else
        {
            long inMessage = isText ? (value.Length + 2L) / 3 * 4 : value.Length;
            if (message.Length + inMessage + EnvelopeRoom <= _maxMessageBytes)
            {
                return false;
            }

            reference = new PayloadReference(PayloadCarrier.Chunks, Interlocked.Increment(ref _lastTransfer), value.Length);
            _chunks(reference.Place, value, message.Patience);
        }

        message.Placed(reference);
        return true;
    }

    /// <inheritdoc/>
    public override void TakeBack(PayloadReference reference)
    {
        if (reference.Carrier == PayloadCarrier.SharedMemory)
        {
            _area!.TakeBack(reference.Place);
        }
        else
        {
            _chunks(reference.Place, default, default);
        }
    }

    /// <summary>Takes one chunk that came in.</summary>
    /// <exception cref="MalformedMessageException">It does not fit what came before, or is more than may be under way.</exception>
    public void TakeChunk(long transfer, long length, ReadOnlySpan<byte> bytes) => _transfers.Take(transfer, length, bytes);

    /// <summary>Forgets a transfer that its sender has given up.</summary>
    public void AbortTransfer(long transfer) => _transfers.Remove(transfer);

    /// <summary>Checks a reference to the peer's area, and counts the block as used here until <see cref="GiveBack"/>.</summary>
    /// <exception cref="MalformedMessageException">It names what cannot be. The connection is ending.</exception>
    public void Claim(PayloadReference reference)
    {
        string? problem = reference.Length is < 1 || reference.Length > _options.MaxBytes ? $"its length is not 1 to {_options.MaxBytes}"
            : _peer is null ? "this connection has no shared memory"
            : _peer.TryClaim(reference.Place, reference.Length);
        if (problem is not null)
        {
            throw Violated(new MalformedMessageException(
                MessageFault.Protocol, $"The peer names {reference.Length} bytes of shared memory at {reference.Place}: {problem}."));
        }
    }

    /// <summary>Copies what the peer wrote; only what was claimed.</summary>
    public byte[] Copy(PayloadReference reference) => _peer!.Copy(reference.Place, (int)reference.Length);

    /// <summary>What the peer wrote, where it is; only what was claimed.</summary>
    public MappedBytes Map(PayloadReference reference, Action<PayloadReference>? released) =>
        new(_peer!.Mapping, _peer.Start, reference, released, _clock);

    /// <summary>Lets the peer use a block again.</summary>
    public void GiveBack(PayloadReference reference) => _peer!.GiveBack(reference.Place);

    /// <summary>Takes a transfer that is complete.</summary>
    /// <exception cref="MalformedMessageException">There is none, or not all of it came. The connection is ending.</exception>
    public byte[] Collect(PayloadReference reference) => _transfers.TryCollect(reference.Place, reference.Length)
        ?? throw Violated(new MalformedMessageException(
            MessageFault.Protocol, $"The peer names {reference.Length} bytes of transfer {reference.Place}, which has not come."));

    /// <summary>True where what the peer wrote may be used where it is.</summary>
    public bool TrustsPeer => _options.TrustsPeer;

    /// <summary>What reads one message after the other.</summary>
    /// <param name="isOfCall">True for the arguments of a call.</param>
    public InboundPayloads CreateSource(bool isOfCall) => new(this, mayBorrow: isOfCall && _options.ReadsArgumentsInPlace);

    /// <inheritdoc/>
    public void Dispose()
    {
        _area?.Dispose();
        _options.Memory?.Dispose();
        _transfers.Clear();
    }

    private MalformedMessageException Violated(MalformedMessageException violation)
    {
        _violated(violation);
        return violation;
    }

    private void CheckLength(int length)
    {
        if (length > _options.MaxBytes)
        {
            throw new ValueFormatException(
                $"A value of {length} bytes is larger than MaxPayloadBytes ({_options.MaxBytes}). Pass it as a Stream, pass it in parts, or raise MaxPayloadBytes.");
        }
    }
}
