using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Payloads;

/// <summary>
/// This side's area of the shared memory: divides it into blocks, keeps the book of them in memory of its own, and takes back what the other side
/// has done with. Used pages stay ready until nothing was sent for a while. Thread-safe.
/// </summary>
internal sealed class PayloadArea : IDisposable
{
    /// <summary>Blocks begin at pages and hold whole pages.</summary>
    public const int PageBytes = 4096;

    private readonly Lock _lock = new();
    private readonly SharedMapping _mapping;
    private readonly long _start;
    private readonly long _bytes;

    // Null until the first large value: most connections send none, and this code would be compiled at every worker's start.
    private Book? _book;
    private readonly ReturnQueue.Output _returns;
    private readonly PayloadOptions _options;
    private readonly TimeProvider _clock;
    private readonly ITimer _idle;
    private readonly Action<MalformedMessageException> _violated;
    private long _touched;
    private long _lastUse;
    private bool _isIdleWatched;
    private bool _isClosed;

    /// <param name="options">The settings; its memory is there.</param>
    /// <param name="clock">The clock that tells how long nothing was sent.</param>
    /// <param name="violated">Told where the other side gives back what it does not have.</param>
    public PayloadArea(PayloadOptions options, TimeProvider clock, Action<MalformedMessageException> violated)
    {
        PayloadMemory memory = options.Memory!;
        _options = options;
        _clock = clock;
        _violated = violated;
        _mapping = memory.Mapping;
        _start = memory.OutStart;
        _bytes = memory.AreaBytes;
        _returns = new ReturnQueue.Output(_mapping, memory.OutReturns);
        _idle = clock.CreateTimer(static area => ((PayloadArea)area!).OnIdle(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _mapping.Hold();
    }

    /// <summary>How many blocks are out, and how many bytes are free.</summary>
    public (int Blocks, long FreeBytes) Use
    {
        get
        {
            lock (_lock)
            {
                if (!_isClosed)
                {
                    TakeReturns_NeedsLock(out _);
                }

                return _book is { } book ? (book.Blocks.Count, book.Free.FreeBytes) : (0, _bytes);
            }
        }
    }

    /// <summary>The end of the pages that have been used and not given back.</summary>
    public long TouchedBytes
    {
        get
        {
            lock (_lock)
            {
                return _touched;
            }
        }
    }

    /// <summary>Copies a value into a block of its own; false where there is no room.</summary>
    /// <param name="value">The value; not empty.</param>
    /// <param name="offset">Where it is now, from the area's begin.</param>
    public unsafe bool TryWrite(ReadOnlySpan<byte> value, out long offset)
    {
        MalformedMessageException? violation;
        lock (_lock)
        {
            offset = -1;
            if (_isClosed)
            {
                return false;
            }

            TakeReturns_NeedsLock(out violation);
            long length = (value.Length + PageBytes - 1L) / PageBytes * PageBytes;
            Book book = _book ??= new Book(_bytes);
            if (violation is null && book.Blocks.Count < ReturnQueue.Places)
            {
                offset = book.Free.Take(length);
            }

            if (offset >= 0)
            {
                book.Blocks.Add(offset, length);
                _touched = Math.Max(_touched, offset + length);
                _lastUse = _clock.GetTimestamp();
                WatchIdle_NeedsLock(_options.IdleAfter);

                // The block keeps the mapping while it is filled, whoever closes the connection meanwhile.
                _mapping.Hold();
            }
        }

        if (violation is not null)
        {
            _violated(violation);
        }

        if (offset < 0)
        {
            return false;
        }

        value.CopyTo(new Span<byte>(_mapping.Start + _start + offset, value.Length));
        _mapping.LetGo();
        return true;
    }

    /// <summary>Takes back a block that the other side was never told of.</summary>
    public void TakeBack(long offset)
    {
        lock (_lock)
        {
            if (!_isClosed && _book is { } book && book.Blocks.Remove(offset, out long length))
            {
                book.Free.Return(offset, length);
            }
        }
    }

    /// <summary>Hands out no more blocks.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
        }

        _idle.Dispose();
        _mapping.LetGo();
    }

    private void TakeReturns_NeedsLock(out MalformedMessageException? violation)
    {
        violation = null;
        bool isBroken;
        while (_returns.TryTake(out long offset, out isBroken))
        {
            if (_book is not { } book || !book.Blocks.Remove(offset, out long length))
            {
                violation = new MalformedMessageException(
                    MessageFault.Protocol, $"The peer gave back the shared memory at {offset}, and has none there.");
                return;
            }

            book.Free.Return(offset, length);
        }

        if (isBroken)
        {
            violation = new MalformedMessageException(MessageFault.Protocol, "The peer's count of shared memory given back cannot be.");
        }
    }

    private void WatchIdle_NeedsLock(TimeSpan after)
    {
        if (!_isIdleWatched && _touched > _options.WarmBytes)
        {
            _isIdleWatched = true;
            _idle.Change(after, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnIdle()
    {
        MalformedMessageException? violation;
        lock (_lock)
        {
            _isIdleWatched = false;
            if (_isClosed)
            {
                return;
            }

            TimeSpan left = _options.IdleAfter - _clock.GetElapsedTime(_lastUse);
            TakeReturns_NeedsLock(out violation);
            if (left > TimeSpan.Zero)
            {
                WatchIdle_NeedsLock(left);
            }
            else
            {
                GiveBack_NeedsLock();
            }
        }

        if (violation is not null)
        {
            _violated(violation);
        }
    }

    /// <summary>Gives free pages above the warm ones back to the system. Where blocks are out above them, it looks again later.</summary>
    private void GiveBack_NeedsLock()
    {
        if (_book is not { } book)
        {
            return;
        }

        long used = 0;
        foreach ((long offset, long length) in book.Blocks)
        {
            used = Math.Max(used, offset + length);
        }

        long warm = (long)_options.WarmBytes / PageBytes * PageBytes;
        foreach ((long start, long length) in book.Free.All)
        {
            long from = Math.Max(start, warm);
            long to = Math.Min(start + length, _touched);
            if (to > from && !_mapping.GiveBack(_start + from, to - from))
            {
                return;
            }
        }

        _touched = Math.Max(used, Math.Min(_touched, warm));
        WatchIdle_NeedsLock(_options.IdleAfter);
    }

    /// <summary>Which blocks are out, and what is free.</summary>
    private sealed class Book(long bytes)
    {
        public Dictionary<long, long> Blocks { get; } = [];

        public FreeExtents Free { get; } = new(bytes);
    }
}
