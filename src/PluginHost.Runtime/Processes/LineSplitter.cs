namespace PluginHost.Runtime.Processes;

/// <summary>Takes one line, without its end.</summary>
/// <param name="line">At most <see cref="LineSplitter.MaxLineBytes"/> bytes.</param>
/// <param name="isCut">True where the line was longer.</param>
internal delegate void LineReceiver(ReadOnlySpan<byte> line, bool isCut);

/// <summary>Cuts a stream into lines in bounded memory: of a longer line the first 4 KiB count, the rest is dropped. Not thread-safe.</summary>
internal sealed class LineSplitter
{
    public const int MaxLineBytes = 4 * 1024;

    private readonly byte[] _started = new byte[MaxLineBytes];
    private int _length;
    private bool _isSkipping;

    /// <summary>Adds bytes and passes on every line that they end.</summary>
    public void Append(ReadOnlySpan<byte> bytes, LineReceiver receiver)
    {
        while (!bytes.IsEmpty)
        {
            int end = bytes.IndexOf((byte)'\n');
            ReadOnlySpan<byte> part = end < 0 ? bytes : bytes[..end];
            Add(part, receiver);
            if (end < 0)
            {
                return;
            }

            if (!_isSkipping)
            {
                Send(receiver, isCut: false);
            }

            _isSkipping = false;
            bytes = bytes[(end + 1)..];
        }
    }

    /// <summary>Passes on a last line that has no end.</summary>
    public void Flush(LineReceiver receiver)
    {
        if (_length > 0)
        {
            Send(receiver, isCut: false);
        }
    }

    private void Add(ReadOnlySpan<byte> part, LineReceiver receiver)
    {
        if (_isSkipping)
        {
            return;
        }

        int fits = Math.Min(part.Length, MaxLineBytes - _length);
        part[..fits].CopyTo(_started.AsSpan(_length));
        _length += fits;
        if (fits < part.Length)
        {
            Send(receiver, isCut: true);
            _isSkipping = true;
        }
    }

    private void Send(LineReceiver receiver, bool isCut)
    {
        ReadOnlySpan<byte> line = _started.AsSpan(0, _length);
        _length = 0;
        receiver(line is [.. var rest, (byte)'\r'] ? rest : line, isCut);
    }
}
