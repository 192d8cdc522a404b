namespace PluginHost.Contracts.Invocation;

/// <summary>
/// The token of a call whose result outlives it. Not pooled: whoever got it may keep it as long as the lease. Nothing of the callers' tokens
/// refers to it once it is unlinked.
/// </summary>
internal sealed class LeaseTokenSource : CancellationTokenSource
{
    private CancellationTokenRegistration _first;
    private CancellationTokenRegistration _second;

    /// <summary>Cancels this with a caller's token. At most twice.</summary>
    public void Link(CancellationToken caller)
    {
        if (!caller.CanBeCanceled)
        {
            return;
        }

        if (caller.IsCancellationRequested)
        {
            Cancel();
            return;
        }

        // Not on the thread that cancels: what the holder of the token registered is no code of the one who cancels.
        CancellationTokenRegistration link = caller.UnsafeRegister(static state => _ = ((CancellationTokenSource)state!).CancelAsync(), this);
        if (_first == default)
        {
            _first = link;
        }
        else
        {
            _second = link;
        }
    }

    /// <summary>Lets go of the callers' tokens.</summary>
    public void Unlink()
    {
        CancellationTokenRegistration first = _first;
        CancellationTokenRegistration second = _second;

        // A registration that has ended still refers to the caller's source, and whoever got this token may keep it.
        _first = default;
        _second = default;
        first.Dispose();
        second.Dispose();
    }
}
