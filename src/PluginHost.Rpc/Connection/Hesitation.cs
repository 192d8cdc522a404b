namespace PluginHost.Rpc.Connection;

/// <summary>
/// Decides whether to try something that pays only for some callers: at once while it pays, and after ever more occasions while it does not. Used by
/// one thread.
/// </summary>
internal sealed class Hesitation
{
    private const int Longest = 64;
    private int _length = 1;
    private int _seen;

    /// <summary>One more occasion in a row; true where it is to be taken.</summary>
    public bool IsOver()
    {
        if (++_seen < _length)
        {
            return false;
        }

        _seen = 0;
        return true;
    }

    /// <summary>The row of occasions is broken.</summary>
    public void Restart() => _seen = 0;

    /// <summary>It paid: the next occasion is taken.</summary>
    public void Paid() => _length = 1;

    /// <summary>It did not: twice as many occasions go by before the next try.</summary>
    public void Failed() => _length = Math.Min(Longest, _length * 2);

    /// <summary>It was in the way: as many occasions as ever go by before the next try.</summary>
    public void Disturbed() => _length = Longest;
}
