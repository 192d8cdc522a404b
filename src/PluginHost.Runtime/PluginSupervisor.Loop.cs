using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime;

/// <summary>The part that carries commands out, one after the other.</summary>
internal sealed partial class PluginSupervisor
{
    private async Task RunAsync()
    {
        await foreach (Command command in _commands.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                if (await ActAsync(command).ConfigureAwait(false) is { } result)
                {
                    command.Complete(result);
                }
            }
            catch (PluginRefusedException refused)
            {
                // Said before anything was done.
                command.Fail(refused);
            }
            catch (Exception e)
            {
                // The loop must live: what failed goes to whoever asked, and to the log.
                Log.CommandFailed(_log, Plugin.Id, command.GetType().Name, e);
                if (View.State is PluginState.Starting or PluginState.Stopping)
                {
                    _machine.Rest(PluginState.Stopped, $"The host failed on the way ({e.Message}). Start it again.");
                }

                command.Fail(e);
            }
        }
    }

    /// <summary>Carries a command out.</summary>
    /// <returns>What is to be told to whoever asked; null where that is told later.</returns>
    private async Task<UnloadResult?> ActAsync(Command command)
    {
        switch (command)
        {
            case Command.Start:
                if (View.State == PluginState.Refused)
                {
                    RecordUnreadable();
                }
                else if (View.State is not PluginState.Quarantined)
                {
                    if (View.State != PluginState.Ready)
                    {
                        ThrowWherePinned("started");
                    }

                    await StartGenerationAsync(cause: null).ConfigureAwait(false);
                }

                return UnloadResult.Nothing;

            case Command.Reset reset:
                await ActResetAsync(reset).ConfigureAwait(false);
                return UnloadResult.Nothing;

            case Command.WorkerLost lost:
                await ActWorkerLostAsync(lost).ConfigureAwait(false);
                return UnloadResult.Nothing;

            case Command.WorkerReplaced replaced:
                ActWorkerReplaced(replaced);
                return UnloadResult.Nothing;

            case Command.Retry retry:
                await ActRetryAsync(retry).ConfigureAwait(false);
                return UnloadResult.Nothing;

            case Command.Stop stop:
                Interlocked.Decrement(ref _endsWanted);
                Interlocked.Decrement(ref _stopRequested);
                return await ActStopAsync(stop).ConfigureAwait(false);

            case Command.Restart:
                Interlocked.Decrement(ref _stopRequested);
                return RefusesAnother(command, Plugin) ? null : await ActRestartAsync(replacement: null).ConfigureAwait(false);

            case Command.Reload reload:
                return await ActReloadAsync(reload).ConfigureAwait(false);

            case Command.Recycle recycle:
                return await ActRecycleAsync(recycle).ConfigureAwait(false);

            case Command.Freed freed:
                await ActFreedAsync(freed).ConfigureAwait(false);
                return UnloadResult.Nothing;

            case Command.LeftBehind left:
                await CountLeakBesideAsync(left.Unload, left.Generation).ConfigureAwait(false);
                return UnloadResult.Nothing;

            case Command.Condemned condemned:
                await ActCondemnedAsync(condemned).ConfigureAwait(false);
                return UnloadResult.Nothing;

            case Command.Died died:
                await ActDiedAsync(died).ConfigureAwait(false);
                return UnloadResult.Nothing;

            default:
                return UnloadResult.Nothing;
        }
    }
}
