using System.Buffers;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Framing;

/// <summary>
/// Cuts a stream into messages: bytes are received into <see cref="Free"/>, announced by <see cref="Received"/>, and come out of
/// <see cref="TryRead"/>. Memory grows with what has come, never with what was announced. Not thread-safe.
/// </summary>
/// <param name="format">How messages are told apart.</param>
/// <param name="maxMessageBytes">The largest message taken.</param>
internal sealed class FrameReader(FrameFormat format, int maxMessageBytes) : IDisposable
{
    /// <summary>The buffer's usual size.</summary>
    public const int UsualBytes = 64 * 1024;

    private const int LargestKept = 1024 * 1024;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(UsualBytes);
    private int _start;
    private int _end;
    private int _header;
    private int _body;
    private int _trailer;
    private int _scanned;

    /// <summary>True where a part of a frame has come and the rest has not.</summary>
    public bool IsInsideFrame => _end > _start;

    /// <summary>The memory held, in bytes.</summary>
    public int Capacity => _buffer.Length;

    /// <summary>Says how far the unfinished frame has come, for a person.</summary>
    public string Progress => _body > 0
        ? $"{_end - _start - _header} of {_body} bytes of the message"
        : format.Unfinished(_buffer.AsSpan(_start, _end - _start));

    /// <summary>Memory to receive into, at least one byte. What <see cref="TryRead"/> gave before becomes invalid.</summary>
    public Span<byte> Free()
    {
        if (_start == _end)
        {
            _start = _end = 0;
            if (_buffer.Length > LargestKept)
            {
                Replace(UsualBytes);
            }
        }
        else if (_end == _buffer.Length || (_body > 0 && _start + _header + _body > _buffer.Length))
        {
            MakeRoom();
        }

        return _buffer.AsSpan(_end);
    }

    /// <summary>Takes bytes that were put into <see cref="Free"/>.</summary>
    public void Received(int count) => _end += count;

    /// <summary>Gives the next whole message; valid until <see cref="Free"/> is called.</summary>
    /// <exception cref="MalformedMessageException">The stream cannot be read any further.</exception>
    public bool TryRead(out ReadOnlySpan<byte> message)
    {
        message = default;
        if (_body == 0 && !TryFindNext())
        {
            return false;
        }

        if (_end - _start - _header < _body)
        {
            return false;
        }

        message = _buffer.AsSpan(_start + _header, _body);
        _start += _header + _body + _trailer;
        _body = 0;
        _header = 0;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        _start = _end = _body = _header = _trailer = _scanned = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool TryFindNext()
    {
        if (_start == _end)
        {
            return false;
        }

        bool isFound = format.TryFind(_buffer.AsSpan(_start, _end - _start), maxMessageBytes, ref _scanned, out FrameBounds bounds);
        if (!isFound)
        {
            _start += bounds.Header;
            return false;
        }

        _header = bounds.Header;
        _body = bounds.Body;
        _trailer = bounds.Trailer;
        return true;
    }

    private void MakeRoom()
    {
        int held = _end - _start;
        if (_start > 0)
        {
            _buffer.AsSpan(_start, held).CopyTo(_buffer);
            _start = 0;
            _end = held;
        }

        if (_end == _buffer.Length)
        {
            Replace(_buffer.Length * 2);
        }
    }

    private void Replace(int size)
    {
        byte[] other = ArrayPool<byte>.Shared.Rent(size);
        _buffer.AsSpan(_start, _end - _start).CopyTo(other);
        ArrayPool<byte>.Shared.Return(_buffer);
        _end -= _start;
        _start = 0;
        _buffer = other;
    }
}
