namespace PluginHost.Runtime.Processes;

/// <summary>The last 8 KiB of a stream, in a ring that never grows. Not thread-safe.</summary>
internal sealed class OutputTail
{
    public const int MaxBytes = 8 * 1024;
    public const int MaxLines = 64;

    private readonly byte[] _ring = new byte[MaxBytes];

    /// <summary>How many bytes came so far.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>Adds bytes, forgetting the oldest.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> kept = bytes.Length > MaxBytes ? bytes[^MaxBytes..] : bytes;
        int at = (int)((TotalBytes + bytes.Length - kept.Length) % MaxBytes);
        int first = Math.Min(kept.Length, MaxBytes - at);
        kept[..first].CopyTo(_ring.AsSpan(at));
        kept[first..].CopyTo(_ring);
        TotalBytes += bytes.Length;
    }

    /// <summary>The last lines as printable text; the first may be the end of a longer one.</summary>
    public string Text()
    {
        byte[] bytes = Bytes();
        int end = bytes.Length;
        while (end > 0 && bytes[end - 1] == (byte)'\n')
        {
            end--;
        }

        int start = end;
        for (int lines = 0; start > 0; start--)
        {
            if (bytes[start - 1] == (byte)'\n' && ++lines == MaxLines)
            {
                break;
            }
        }

        // A character cut by the ring's edge would read as nonsense.
        while (start == 0 && start < end && TotalBytes > MaxBytes && (bytes[start] & 0xC0) == 0x80)
        {
            bytes = bytes[1..];
            end--;
        }

        return PrintableText.From(bytes.AsSpan(start, end - start), MaxBytes);
    }

    private byte[] Bytes()
    {
        if (TotalBytes <= MaxBytes)
        {
            return _ring[..(int)TotalBytes];
        }

        int oldest = (int)(TotalBytes % MaxBytes);
        return [.. _ring.AsSpan(oldest), .. _ring.AsSpan(0, oldest)];
    }
}
