using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime;

/// <summary>The part that looks at what a running generation has used, off the calls' way, and has it replaced or ended at a limit of <c>recycle</c>. Any thread.</summary>
internal sealed partial class PluginSupervisor
{
    private async Task WatchWearAsync(LiveGeneration live)
    {
        RecycleOptions options = live.Plugin.Manifest!.Recycle;
        if (!RecyclePolicy.IsOn(options) || (_tier == PluginTier.InProcess && IsPinned))
        {
            return;
        }

        double jitter = _settings.Jitter.Next();
        long ready = Clock.GetTimestamp();
        TimeSpan pause = _settings.RecycleLook;
        while (IsCurrent(live))
        {
            await Task.Delay(pause, Clock, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!IsCurrent(live) || live.Instance.Usage(RecyclePolicy.ReadsMemory(options)) is not { } used)
            {
                return;
            }

            RecycleSigns signs = new(used.Calls, Clock.GetElapsedTime(ready), used.MemoryBytes);
            switch (RecyclePolicy.Look(options, jitter, in signs))
            {
                case { IsKill: true } finding:
                    // A fault like any other: it is told, and restarted by the policy, once it is dead.
                    Log.OverLimit(_log, Plugin.Id, live.Number, finding.What);
                    live.Instance.EndOverLimit(finding.Limit, finding.What);
                    return;

                case { } finding:
                    if (await RecycleAsync(live.Number, finding).ConfigureAwait(false))
                    {
                        return;
                    }

                    pause = pause * 2 < s_longestLook ? pause * 2 : s_longestLook;
                    break;
            }
        }
    }

    private bool IsCurrent(LiveGeneration live) => !_closing.IsCancellationRequested && ReferenceEquals(View.Instance, live.Instance);

    /// <returns>False where it could not be replaced, and runs on.</returns>
    private async Task<bool> RecycleAsync(int generation, RecycleFinding finding)
    {
        Command.Recycle command = new(generation, finding);
        if (!_commands.Writer.TryWrite(command))
        {
            return true;
        }

        try
        {
            await command.Done.ConfigureAwait(false);
            return true;
        }
        catch (Exception)
        {
            // Recorded, or logged by the loop; the worn one goes on and is looked at again later.
            return false;
        }
    }
}
