using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace PluginHost.Loading.Unloading;

/// <summary>
/// Watches a load context go, by two weak references: where a handler of its Unloading event throws, the context object dies while its
/// assemblies stay, so neither alone tells the truth. Refers to nothing of the plugin. Thread-safe.
/// </summary>
public sealed class ContextUnloading
{
    /// <summary>
    /// How many forced rounds are made before a context counts as leaked; a clean one goes in two or three. From the fourth on each waits
    /// before it, 1 ms at first and twice as long each time, 127 ms together: a thread on its way out of the plugin, put aside by a busy
    /// machine, is no leak.
    /// </summary>
    public const int MaxRounds = 10;

    // One that was loaded a moment ago is in the young generations as a whole: two rounds of those prove it in a millisecond, however large the heap.
    private const int Young = 1;
    private const int YoungRounds = 2;
    private const int RoundsWithoutPause = 3;
    private const int MaxAttempts = 3;
    private readonly WeakReference _context;
    private readonly WeakReference _assembly;

    private ContextUnloading(WeakReference context, WeakReference assembly, IReadOnlyList<string> faults)
    {
        _context = context;
        _assembly = assembly;
        Faults = faults;
    }

    /// <summary>What handlers of the context's Unloading event threw, as text.</summary>
    public IReadOnlyList<string> Faults { get; }

    /// <summary>True once the context and its assembly are gone. Looks only; forces nothing.</summary>
    public bool IsGone => !_context.IsAlive && !_assembly.IsAlive;

    /// <summary>Asks a context to unload. It goes when nothing refers to it any more, the caller's own locals included.</summary>
    /// <param name="context">A collectible context.</param>
    /// <param name="assembly">One of its assemblies.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ContextUnloading Begin(AssemblyLoadContext context, Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(context);
        List<string> faults = [];
        for (int attempt = 0; attempt < MaxAttempts && !TryUnload(context, faults); attempt++)
        {
        }

        return new ContextUnloading(new WeakReference(context, trackResurrection: true), new WeakReference(assembly), faults);
    }

    /// <summary>Looks whether the context is gone, forcing collections of the whole process where asked to.</summary>
    /// <param name="force">True to force up to <see cref="MaxRounds"/> full collections on a thread of its own: each stops every thread.</param>
    /// <param name="clock">The clock of the pauses between rounds.</param>
    /// <param name="clearCaches">
    /// Called once, between two rounds, where the first three have not proved it: empties what else of the process may hold it. Null for nothing. Must not throw.
    /// </param>
    /// <param name="cancellationToken">Ends the forced rounds early with <see cref="UnloadProof.NotYet"/>.</param>
    public async Task<UnloadProof> TryProveAsync(bool force, TimeProvider clock, Action? clearCaches = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(clock);

        if (IsGone)
        {
            return UnloadProof.Proved;
        }

        if (!force)
        {
            return UnloadProof.NotYet;
        }

        try
        {
            await CollectAsync(YoungRounds, Young, cancellationToken).ConfigureAwait(false);
            await CollectAsync(RoundsWithoutPause, GC.MaxGeneration, cancellationToken).ConfigureAwait(false);
            if (!IsGone)
            {
                clearCaches?.Invoke();
            }

            for (int round = RoundsWithoutPause; round < MaxRounds && !IsGone; round++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1 << (round - RoundsWithoutPause)), clock, cancellationToken).ConfigureAwait(false);
                await CollectAsync(1, GC.MaxGeneration, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return IsGone ? UnloadProof.Proved : UnloadProof.NotYet;
        }

        return IsGone ? UnloadProof.Proved : UnloadProof.Leaked;
    }

    // A finalizer of the plugin may never end: the wait for it may be given up, its thread may not be the caller's.
    private Task CollectAsync(int rounds, int generation, CancellationToken cancellationToken) =>
        IsGone
            ? Task.CompletedTask
            : Task.Factory.StartNew(() => Collect(rounds, generation), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(cancellationToken);

    private void Collect(int rounds, int generation)
    {
        for (int round = 0; round < rounds && !IsGone; round++)
        {
            GC.Collect(generation, GCCollectionMode.Forced, blocking: true);
            GC.WaitForPendingFinalizers();
        }
    }

    private static bool TryUnload(AssemblyLoadContext context, List<string> faults)
    {
        try
        {
            context.Unload();
            return true;
        }
        catch (Exception thrown)
        {
            faults.Add(thrown.ToString());
            return false;
        }
    }
}
