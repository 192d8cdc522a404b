using System.Buffers;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Messages;

/// <summary>
/// A growing, reusable byte buffer out of the shared array pool: what value writers write into. Not thread-safe. A buffer that is not released
/// is collected like any array.
/// </summary>
public sealed class OutputBuffer
{
    private const int SmallestCapacity = 256;
    private byte[] _bytes;
    private int _length;
    private List<PayloadReference>? _placed;

    /// <summary>Creates an empty buffer.</summary>
    /// <param name="initialCapacity">In bytes; at least 256 are taken.</param>
    public OutputBuffer(int initialCapacity = SmallestCapacity) =>
        _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(initialCapacity, SmallestCapacity));

    /// <summary>How many bytes the buffer may hold; growing past it fails before memory is taken. Default: no limit but the array's own.</summary>
    public int Limit { get; set; } = Array.MaxLength;

    /// <summary>The bytes written.</summary>
    public int Length => _length;

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlySpan<byte> WrittenSpan => _bytes.AsSpan(0, _length);

    internal int Capacity => _bytes.Length;

    /// <summary>Where large values go in place of this buffer; null where they go into it.</summary>
    internal PayloadSink? Payloads { get; set; }

    /// <summary>How long the message's sender waits for a peer that is slower, where a large value goes ahead of it.</summary>
    internal SendPatience Patience { get; set; }

    /// <summary>Forgets what was written and keeps the memory.</summary>
    public void Clear() => _length = 0;

    /// <summary>Appends bytes.</summary>
    /// <exception cref="ValueFormatException">The buffer would grow past <see cref="Limit"/>.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Free(bytes.Length));
        _length += bytes.Length;
    }

    /// <summary>Appends one byte.</summary>
    /// <exception cref="ValueFormatException">The buffer would grow past <see cref="Limit"/>.</exception>
    public void WriteByte(byte value)
    {
        if (_length == _bytes.Length)
        {
            Grow(1);
        }

        _bytes[_length++] = value;
    }

    /// <summary>Gives the memory back to the pool. The buffer can be used again and then takes new memory.</summary>
    public void Release()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }

        _length = 0;
    }

    /// <summary>Free memory of at least <paramref name="count"/> bytes behind what was written; follow with <see cref="Advance"/>.</summary>
    internal Span<byte> Free(int count)
    {
        if (_bytes.Length - _length < count)
        {
            Grow(count);
        }

        return _bytes.AsSpan(_length);
    }

    /// <summary>Remembers a value that went elsewhere.</summary>
    internal void Placed(PayloadReference reference) => (_placed ??= []).Add(reference);

    /// <summary>Ends the message's part in its large values: those of a message that is not sent are taken back.</summary>
    internal void EndPayloads(bool isSent)
    {
        PayloadSink? sink = Payloads;
        Payloads = null;
        Patience = default;
        if (_placed is null or { Count: 0 })
        {
            return;
        }

        if (!isSent)
        {
            _placed.ForEach(sink!.TakeBack);
        }

        _placed.Clear();
    }

    internal void Advance(int count) => _length += count;

    internal Span<byte> Written(int start, int count) => _bytes.AsSpan(0, _length).Slice(start, count);

    internal void Truncate(int length) => _length = length;

    /// <summary>Moves everything from <paramref name="start"/> by <paramref name="by"/> bytes, to the right or to the left.</summary>
    internal void Shift(int start, int by)
    {
        int count = _length - start;
        if (by > 0)
        {
            Free(by);
        }

        _bytes.AsSpan(start, count).CopyTo(_bytes.AsSpan(start + by));
        _length += by;
    }

    /// <summary>Gives a large buffer back and starts small again.</summary>
    internal void ShrinkAbove(int capacity)
    {
        if (_bytes.Length > capacity)
        {
            Release();
        }
    }

    private void Grow(int count)
    {
        long needed = (long)_length + count;
        if (needed > Limit)
        {
            throw new ValueFormatException($"The message grows past its limit of {Limit} bytes.");
        }

        long doubled = Math.Max(SmallestCapacity, Math.Min(_bytes.Length * 2L, Limit));
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Max(doubled, needed));
        _bytes.AsSpan(0, _length).CopyTo(larger);
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = larger;
    }
}
