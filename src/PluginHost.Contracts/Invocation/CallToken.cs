namespace PluginHost.Contracts.Invocation;

/// <summary>
/// A cancellation token for one in-process call that the host can take back: what a plugin registers on it is dropped when the call ends,
/// so that no token of the application roots a plugin's load context. Sources are pooled a thread; a steady state allocates nothing.
/// </summary>
public struct CallToken
{
    [ThreadStatic]
    private static CancellationTokenSource? t_spare;

    private CancellationTokenSource? _source;
    private CancellationTokenRegistration _link;

    /// <summary>The token to give to the plugin.</summary>
    public readonly CancellationToken Token => _source!.Token;

    /// <summary>Takes a source and links it to the caller's token.</summary>
    /// <param name="caller">The caller's token; may be none.</param>
    public static CallToken Rent(CancellationToken caller)
    {
        CancellationTokenSource source = t_spare ?? new CancellationTokenSource();
        t_spare = null;
        CallToken token = new() { _source = source };
        if (caller.CanBeCanceled)
        {
            token._link = caller.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), source);
        }

        return token;
    }

    /// <summary>Makes a source for a call whose result may outlive it: a sequence. <see cref="Return"/> leaves it alone; <see cref="Drop"/> ends it.</summary>
    /// <param name="caller">The caller's token; may be none.</param>
    public static CallToken RentLease(CancellationToken caller)
    {
        LeaseTokenSource source = new();
        source.Link(caller);
        return new CallToken { _source = source };
    }

    /// <summary>Ends the use of a token from <see cref="RentLease"/> whose call gave nothing that outlives it.</summary>
    public readonly void Drop() => Lease?.Unlink();

    /// <summary>Asks the plugin to stop this call.</summary>
    public readonly void Cancel() => _source?.Cancel();

    /// <summary>The source of a token from <see cref="RentLease"/>; else null.</summary>
    internal readonly LeaseTokenSource? Lease => _source as LeaseTokenSource;

    /// <summary>Ends the token's use: unlinks it, drops what the plugin registered and keeps the source where it can be used again.</summary>
    public void Return()
    {
        CancellationTokenSource? source = _source;
        if (source is null || source.GetType() == typeof(LeaseTokenSource))
        {
            return;
        }

        _source = null;
        _link.Dispose();
        if (source.TryReset())
        {
            t_spare = source;
        }
        else
        {
            source.Dispose();
        }
    }
}
