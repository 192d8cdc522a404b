using System.Runtime.InteropServices;

namespace PluginHost.Runtime.Processes;

/// <summary>
/// Empties one pipe of a child as fast as it is filled, so that the child never waits for the host: keeps the end of it, finds a crash's text,
/// passes lines on to the log. Reading runs on the spawner's thread; the texts may be asked for from any thread.
/// </summary>
internal sealed unsafe class OutputDrain(int descriptor, string stream, OutputLog log) : PolledDescriptor
{
    private const int ReadBytes = 64 * 1024;

    // A pipe holds 64 KiB; more than this after a process's end comes from somebody else who holds the pipe.
    private const int MaxAfterEnd = 4 * ReadBytes;

    // The spawner's thread reads for all.
    private static readonly byte[] s_buffer = new byte[ReadBytes];

    private readonly Lock _lock = new();
    private readonly OutputTail _tail = new();
    private readonly LineSplitter _lines = new();
    private readonly CrashText _crash = new();
    private bool _isStopped;

    /// <inheritdoc/>
    public override int Descriptor => descriptor;

    /// <inheritdoc/>
    public override bool IsStopped => _isStopped;

    /// <summary>How many bytes came so far.</summary>
    public long TotalBytes
    {
        get
        {
            lock (_lock)
            {
                return _tail.TotalBytes;
            }
        }
    }

    /// <summary>The last lines, at most 8 KiB and 64 lines, with a crash's first lines before them where those are no longer among them; null where nothing came.</summary>
    public string? Tail()
    {
        lock (_lock)
        {
            string tail = _tail.Text();
            string? crash = _crash.Text;
            string text = crash is null || tail.Contains(crash, StringComparison.Ordinal) ? tail : _crash.Before(tail);
            return text.Length == 0 ? null : text;
        }
    }

    /// <inheritdoc/>
    public override bool OnReadable() => Read() != 0;

    /// <summary>Reads what is there now, without waiting for the pipe's end.</summary>
    public void ReadAvailable()
    {
        for (int total = 0; total < MaxAfterEnd && !_isStopped;)
        {
            int count = Read();
            if (count <= 0)
            {
                return;
            }

            total += count;
        }
    }

    /// <summary>Passes on a last line without an end.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            _lines.Flush(Line);
        }
    }

    /// <summary>Ends the watch whoever still holds the pipe.</summary>
    public void Stop() => _isStopped = true;

    /// <inheritdoc/>
    public override void Close()
    {
        _isStopped = true;
        _ = Libc.close(descriptor);
    }

    /// <summary>Bytes read; 0 at the pipe's end, -1 where nothing is there now.</summary>
    private int Read()
    {
        nint count;
        fixed (byte* buffer = s_buffer)
        {
            count = Libc.read(descriptor, buffer, ReadBytes);
        }

        if (count < 0)
        {
            return Marshal.GetLastPInvokeError() is Libc.TryAgain or Libc.Interrupted ? -1 : 0;
        }

        lock (_lock)
        {
            ReadOnlySpan<byte> bytes = s_buffer.AsSpan(0, (int)count);
            _tail.Append(bytes);
            _lines.Append(bytes, Line);
        }

        return (int)count;
    }

    private void Line(ReadOnlySpan<byte> line, bool isCut)
    {
        _crash.Line(line);
        log.Line(stream, line, isCut);
    }
}
