using System.Diagnostics.CodeAnalysis;

namespace PluginHost.Contracts.Invocation;

/// <summary>
/// The arguments of one in-process call that end with it: the callee gets something of the host's in their place, which is dead once the call has
/// ended. Used by generated guards, once a call.
/// </summary>
public sealed class LentArguments
{
    private readonly Guard _guard;
    private readonly List<Lease> _lent = [];
    private readonly List<LentProgress> _progress = [];

    internal LentArguments(Guard guard) => _guard = guard;

    /// <summary>A receiver of progress: reports never wait for the caller's own receiver, and are dropped once the call has ended.</summary>
    /// <param name="progress">The caller's, or null.</param>
    /// <param name="detach">Copies what a report may hide behind; null where nothing can.</param>
    [return: NotNullIfNotNull(nameof(progress))]
    public IProgress<T>? Progress<T>(IProgress<T>? progress, Func<T, T>? detach)
    {
        if (progress is null)
        {
            return null;
        }

        LentProgress<T> lent = new(progress, detach);
        _progress.Add(lent);
        return lent;
    }

    /// <summary>A sequence that the callee may read once, until the call ends.</summary>
    /// <param name="sequence">The caller's, or null.</param>
    /// <param name="detach">Copies what an item may hide behind; null where nothing can.</param>
    [return: NotNullIfNotNull(nameof(sequence))]
    public IAsyncEnumerable<T>? Sequence<T>(IAsyncEnumerable<T>? sequence, Func<T, T>? detach)
    {
        if (sequence is null)
        {
            return null;
        }

        SequenceLease<T> lease = new(new ArgumentOwner(_guard), sequence, new LeaseTokenSource(), detach, CancellationToken.None);
        _lent.Add(lease);
        return lease;
    }

    /// <summary>A stream that the callee may read forward, once, until the call ends.</summary>
    /// <param name="stream">The caller's, or null.</param>
    [return: NotNullIfNotNull(nameof(stream))]
    public Stream? Stream(Stream? stream) =>
        stream is null ? null : new SequenceStream(Sequence(new StreamSequence(stream), null));

    /// <summary>An object of a contract that the callee may call until the call ends.</summary>
    /// <param name="target">The caller's, or null. One that came from the callee goes back as itself.</param>
    /// <param name="contract">Its contract.</param>
    [return: NotNullIfNotNull(nameof(target))]
    public TObject? Object<TObject>(TObject? target, ContractDescriptor contract)
        where TObject : class
    {
        GuardSite site = _guard.GuardSite;
        TObject? lent = ObjectLease.Hand(site.Arguments, site.Results, target, contract, register: false, out ObjectLease? lease);
        if (lease is not null)
        {
            _lent.Add(lease);
        }

        return lent;
    }

    /// <summary>Takes everything back; ends when the reports made so far have been delivered.</summary>
    /// <exception cref="Exception">What the caller's own receiver of progress threw.</exception>
    public async ValueTask EndAsync()
    {
        foreach (Lease lease in _lent)
        {
            // Not waited for: what still runs there is the caller's own code, and the call has its answer.
            _ = lease.EndAsync();
        }

        foreach (LentProgress progress in _progress)
        {
            await progress.EndAsync().ConfigureAwait(false);
        }
    }

    /// <summary>As <see cref="EndAsync"/>, blocking.</summary>
    /// <exception cref="Exception">What the caller's own receiver of progress threw.</exception>
    public void End()
    {
        ValueTask ending = EndAsync();
        if (!ending.IsCompletedSuccessfully)
        {
            ending.AsTask().GetAwaiter().GetResult();
        }
    }
}
