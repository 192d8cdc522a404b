using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime;

/// <summary>
/// One plugin's states and generations. Every change goes through here under one lock; what an old generation reports is refused.
/// Thread-safe; <see cref="View"/> is a plain read.
/// </summary>
/// <param name="clock">The clock.</param>
/// <param name="changed">Told of every new view, one after the other in their order, outside the lock; null for nobody.</param>
internal sealed class PluginStateMachine(TimeProvider clock, Action<PluginView>? changed = null)
{
    private readonly Lock _lock = new();
    private readonly Queue<PluginView> _untold = [];
    private bool _isTelling;
    private int _lastNumber;
    private PluginView _view = new() { State = PluginState.Stopped, Generation = 0, Since = clock.GetUtcNow() };

    /// <summary>What is true now.</summary>
    public PluginView View => Volatile.Read(ref _view);

    /// <summary>Gives a generation its number before it is started, for one that is tried or stands ready beside the running one. Each is given once, whatever becomes of it.</summary>
    public int NextNumber()
    {
        lock (_lock)
        {
            return ++_lastNumber;
        }
    }

    /// <summary>
    /// Begins the next generation. From every state but <see cref="PluginState.Starting"/>, <see cref="PluginState.Ready"/>, <see cref="PluginState.Stopping"/>
    /// and <see cref="PluginState.Refused"/>.
    /// </summary>
    /// <param name="number">The number that it was given before; null for a new one.</param>
    /// <returns>The new generation, or 0 where no start may begin now.</returns>
    public int TryBeginStart(int? number = null)
    {
        int generation;
        lock (_lock)
        {
            if (_view.State is PluginState.Starting or PluginState.Ready or PluginState.Refused or PluginState.Stopping)
            {
                return 0;
            }

            generation = number ?? ++_lastNumber;
            Replace_NeedsLock(New_NeedsLock(PluginState.Starting, generation) with { WillReturn = true });
        }

        Tell();
        return generation;
    }

    /// <summary>A generation takes calls.</summary>
    /// <returns>False where it is no longer the one that was being started.</returns>
    public bool TryReady(int generation, IPluginInstance instance)
    {
        lock (_lock)
        {
            if (_view.State != PluginState.Starting || _view.Generation != generation)
            {
                return false;
            }

            Replace_NeedsLock(New_NeedsLock(PluginState.Ready, generation) with { Instance = instance, WillReturn = true });
        }

        Tell();
        return true;
    }

    /// <summary>Puts a generation that is ready in the place of the running one: at no moment does the plugin take no calls.</summary>
    /// <param name="from">The generation meant to end; another one's place is not taken.</param>
    /// <param name="generation">The new one.</param>
    /// <param name="instance">What runs.</param>
    /// <param name="reason">Why.</param>
    public bool TrySwap(int from, int generation, IPluginInstance instance, string reason)
    {
        lock (_lock)
        {
            if (_view.State != PluginState.Ready || _view.Generation != from)
            {
                return false;
            }

            Replace_NeedsLock(New_NeedsLock(PluginState.Ready, generation) with { Instance = instance, WillReturn = true, Reason = reason });
        }

        Tell();
        return true;
    }

    /// <summary>Says something of the running generation that does not change its state.</summary>
    public bool TryNote(int generation, string reason, string? faultId)
    {
        lock (_lock)
        {
            if (_view.State != PluginState.Ready || _view.Generation != generation)
            {
                return false;
            }

            Replace_NeedsLock(New_NeedsLock(PluginState.Ready, generation) with
            {
                Instance = _view.Instance,
                WillReturn = true,
                Since = _view.Since,
                Reason = reason,
                FaultId = faultId,
            });
        }

        Tell();
        return true;
    }

    /// <summary>Begins to stop the running or starting generation.</summary>
    /// <param name="generation">The generation meant; another one's is refused.</param>
    /// <param name="willReturn">True where a new generation follows, so that calls wait.</param>
    /// <param name="reason">Why.</param>
    public bool TryBeginStop(int generation, bool willReturn, string reason)
    {
        lock (_lock)
        {
            if (_view.State is not (PluginState.Ready or PluginState.Starting) || _view.Generation != generation)
            {
                return false;
            }

            Replace_NeedsLock(New_NeedsLock(PluginState.Stopping, generation) with { WillReturn = willReturn, Reason = reason });
        }

        Tell();
        return true;
    }

    /// <summary>A generation failed or ended; the plugin waits for its next start.</summary>
    public bool TryBackOff(int generation, DateTimeOffset retryAt, string reason, string? faultId = null)
    {
        lock (_lock)
        {
            if (_view.Generation != generation || _view.State is PluginState.Refused)
            {
                return false;
            }

            Replace_NeedsLock(New_NeedsLock(PluginState.BackingOff, generation) with { RetryAt = retryAt, WillReturn = true, Reason = reason, FaultId = faultId });
        }

        Tell();
        return true;
    }

    /// <summary>Puts the plugin at rest: <see cref="PluginState.Stopped"/>, <see cref="PluginState.Unloading"/>, <see cref="PluginState.Quarantined"/> or <see cref="PluginState.Refused"/>.</summary>
    public void Rest(PluginState state, string? reason, string? faultId = null)
    {
        if (state is not (PluginState.Stopped or PluginState.Unloading or PluginState.Quarantined or PluginState.Refused))
        {
            throw new ArgumentOutOfRangeException(nameof(state), state, "Not a state of rest.");
        }

        lock (_lock)
        {
            Replace_NeedsLock(New_NeedsLock(state, _view.Generation) with { Reason = reason, FaultId = faultId });
        }

        Tell();
    }

    /// <summary>The generation that was being unloaded is proved gone.</summary>
    /// <returns>False where the plugin has gone on since.</returns>
    public bool TryProved(int generation, string? reason)
    {
        lock (_lock)
        {
            if (_view.State != PluginState.Unloading || _view.Generation != generation)
            {
                return false;
            }

            Replace_NeedsLock(New_NeedsLock(PluginState.Stopped, generation) with { Reason = reason });
        }

        Tell();
        return true;
    }

    private PluginView New_NeedsLock(PluginState state, int generation) =>
        new() { State = state, Generation = generation, Since = clock.GetUtcNow() };

    private void Replace_NeedsLock(PluginView next)
    {
        PluginView old = _view;
        Volatile.Write(ref _view, next);
        old.Supersede();
        if (changed is not null)
        {
            _untold.Enqueue(next);
        }
    }

    // One thread tells at a time, so that views come in their order; another that comes meanwhile leaves its own to it.
    private void Tell()
    {
        for (bool told = false; TryTakeUntold(told) is { } view; told = true)
        {
            changed!(view);
        }
    }

    private PluginView? TryTakeUntold(bool isTelling)
    {
        lock (_lock)
        {
            PluginView? view = null;
            if (isTelling || !_isTelling)
            {
                _isTelling = _untold.TryDequeue(out view);
            }

            return view;
        }
    }
}
