using System.Diagnostics.CodeAnalysis;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Payloads;

/// <summary>
/// One use of a block of the other side's area: keeps the mapping, and gives the block back once. Where its user lost it undisposed, it does so some
/// time after nobody could reach it any more. Thread-safe.
/// </summary>
[SuppressMessage("Usage", "CA1816", Justification = "Nothing is left for the finalizer once the block was given back, or a call will do it.")]
internal sealed class BlockHold
{
    /// <summary>
    /// How long a block stays that was lost. A span keeps nothing alive, and the method that lost the owner may still use one: so there has to be one
    /// more collection, after a time that no such method takes.
    /// </summary>
    public static readonly TimeSpan LostFor = TimeSpan.FromSeconds(30);

    private readonly SharedMapping _mapping;
    private readonly PayloadReference _reference;
    private readonly Action<PayloadReference>? _released;
    private readonly TimeProvider _clock;
    private bool _isLost;
    private long _lostAt;
    private int _isReleased;

    private BlockHold(SharedMapping mapping, PayloadReference reference, Action<PayloadReference>? released, TimeProvider clock)
    {
        _mapping = mapping;
        _reference = reference;
        _released = released;
        _clock = clock;
    }

    /// <summary>Comes again with each collection until the block was lost for long enough.</summary>
    ~BlockHold()
    {
        long now = _clock.GetTimestamp();
        _lostAt = _isLost ? _lostAt : now;
        _isLost = true;
        if (_clock.GetElapsedTime(_lostAt, now) < LostFor)
        {
            GC.ReRegisterForFinalize(this);
        }
        else
        {
            // Elsewhere: every finalizer of the process would wait for the locks on the way.
            ThreadPool.UnsafeQueueUserWorkItem(static lost => lost.Release(), this, preferLocal: false);
        }
    }

    /// <summary>True once the block was given back: its bytes are not to be touched.</summary>
    public bool IsReleased => Volatile.Read(ref _isReleased) != 0;

    /// <summary>True where a call's end gives the block back, and not its user.</summary>
    public bool IsOfCall => _released is null;

    /// <summary>Begins a use.</summary>
    /// <param name="mapping">The shared memory.</param>
    /// <param name="reference">The block.</param>
    /// <param name="released">Told once nobody uses the block any more; null where its call tells, and surely ends this.</param>
    /// <param name="clock">The clock for <see cref="LostFor"/>.</param>
    /// <exception cref="ObjectDisposedException">The connection has ended.</exception>
    public static BlockHold Begin(SharedMapping mapping, PayloadReference reference, Action<PayloadReference>? released, TimeProvider clock)
    {
        mapping.Hold();
        BlockHold hold = new(mapping, reference, released, clock);
        if (released is null)
        {
            GC.SuppressFinalize(hold);
        }

        return hold;
    }

    /// <summary>Ends the use; once more is nothing.</summary>
    public void Release()
    {
        if (Interlocked.Exchange(ref _isReleased, 1) == 0)
        {
            GC.SuppressFinalize(this);
            _released?.Invoke(_reference);
            _mapping.LetGo();
        }
    }
}
