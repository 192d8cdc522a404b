namespace PluginHost.Contracts.Invocation;

/// <summary>
/// A cancellation token for one in-process call that the host can take back: what a plugin registers on it is dropped when the call ends,
/// so that no token of the application roots a plugin's load context. Sources are pooled a thread; a steady state allocates nothing.
/// </summary>
public struct CallToken
{
    private static readonly Lock s_lock = new();
    private static readonly List<WeakReference<Spare>> s_spares = [];

    [ThreadStatic]
    private static Spare? t_spare;

    private CancellationTokenSource? _source;
    private CancellationTokenRegistration _link;

    /// <summary>The token to give to the plugin.</summary>
    public readonly CancellationToken Token => _source!.Token;

    /// <summary>Takes a source and links it to the caller's token.</summary>
    /// <param name="caller">The caller's token; may be none.</param>
    public static CallToken Rent(CancellationToken caller)
    {
        Spare spare = t_spare ?? NewSpare();
        CancellationTokenSource source = spare.Source ?? new CancellationTokenSource();
        spare.Source = null;
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

    /// <summary>Asks the plugin to stop this call, whose caller has given it up: from now on nothing here refers to the caller's token.</summary>
    public void Cancel()
    {
        _link.Unregister();
        _link = default;
        _source?.Cancel();
    }

    /// <summary>
    /// Forgets the sources that threads keep for their next calls: a plugin may have registered on one after its call had ended, and an idle thread would
    /// keep that. For the engine, when it unloads one; any thread.
    /// </summary>
    public static void DropSpares()
    {
        lock (s_lock)
        {
            foreach (WeakReference<Spare> kept in s_spares)
            {
                if (kept.TryGetTarget(out Spare? spare))
                {
                    // Its thread may take it at this moment: then it is in use, and dropped of what was registered when that call ends.
                    spare.Source = null;
                }
            }
        }
    }

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
            (t_spare ?? NewSpare()).Source = source;
        }
        else
        {
            source.Dispose();
        }
    }

    private static Spare NewSpare()
    {
        Spare spare = new();
        lock (s_lock)
        {
            s_spares.RemoveAll(static kept => !kept.TryGetTarget(out _));
            s_spares.Add(new WeakReference<Spare>(spare));
        }

        return t_spare = spare;
    }

    /// <summary>The source that a thread keeps for its next call.</summary>
    private sealed class Spare
    {
        public CancellationTokenSource? Source;
    }
}
