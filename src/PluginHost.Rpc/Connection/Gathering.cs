namespace PluginHost.Rpc.Connection;

/// <summary>
/// Keeps requests together that follow from one batch of answers: while callers that were completed together have not all gone on, what those that
/// have gone on send next is kept back, and leaves with the others'. The last to go on sends; where some do not come to it within about a millisecond
/// the reader sends, and gathers nothing for a while. Thread-safe but for what says otherwise.
/// </summary>
internal sealed class Gathering
{
    private const int MostBreaks = 4096;
    private int _batch;
    private int _open;
    private int _break;
    private int _nextBreak = 16;
    private bool _isPaused;

    /// <summary>True while callers of the batch have not gone on.</summary>
    public bool IsOpen => Volatile.Read(ref _open) > 0;

    /// <summary>Counts a caller that is about to be completed together with others. By the reader.</summary>
    /// <returns>The batch, for <see cref="WentOn"/>; 0 where none is gathered.</returns>
    public int Add()
    {
        if (_break > 0 || _isPaused)
        {
            return 0;
        }

        Interlocked.Increment(ref _open);
        return _batch | 1;
    }

    /// <summary>Gathers nothing while a caller reads, who would not be there to send. By who has the turn to read.</summary>
    public void Pause(bool isPaused) => _isPaused = isPaused;

    /// <summary>Begins another batch. By the reader, when it has received.</summary>
    public void Begin()
    {
        if (_break > 0)
        {
            _break--;
        }
    }

    /// <summary>A caller goes on; true where it was the last, and what is kept back has to be sent.</summary>
    public bool WentOn(int batch) => batch == (Volatile.Read(ref _batch) | 1) && Interlocked.Decrement(ref _open) <= 0;

    /// <summary>Gives up on those that have not gone on: they are not counted any more. By the reader.</summary>
    public void GiveUp()
    {
        Volatile.Write(ref _batch, _batch + 2);
        Volatile.Write(ref _open, 0);
        _break = _nextBreak;
        _nextBreak = Math.Min(MostBreaks, _nextBreak * 2);
    }
}
