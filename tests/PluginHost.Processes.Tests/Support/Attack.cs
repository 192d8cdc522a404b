using PluginHost.Contracts.Faults;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Processes.Tests.Support;

/// <summary>One attack of a worker on its host.</summary>
internal static class Attack
{
    private const int DiedEvent = 6001;

    /// <summary>Makes the call that begins an attack. It may be the first to meet what it began, and then gets no answer.</summary>
    /// <returns>What the call ended with; null where it was answered first.</returns>
    public static PluginException? Begin(Action attack)
    {
        try
        {
            attack();
            return null;
        }
        catch (PluginException e)
        {
            return e;
        }
    }

    /// <summary>One fault for the victim, and the call that began it, where it failed, failed with that one.</summary>
    public static void AssertOneFault(FixtureWorkers workers, FixtureWorker victim, FaultRecord record, PluginException? refused)
    {
        Assert.Single(workers.Logger.Events, e => e.Id.Id == DiedEvent && Equals(e["WorkerPid"], victim.Pid));
        Assert.Equal(victim.Pid, record.WorkerPid);
        if (refused is not null)
        {
            Assert.Equal((record.Kind, record.Generation, record.PluginId), (refused.Kind, refused.Generation, refused.PluginId));
        }
    }

    /// <summary>Calls until the worker is gone or it is enough; calls may fail in every way that is typed.</summary>
    public static async Task CallAsync(FixtureWorker worker, Func<Task> call, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested && !worker.Instance.Died.IsCompleted)
        {
            try
            {
                await call();
            }
            catch (PluginException)
            {
                // One that was under way when the memory went bad.
                await Task.Yield();
            }
        }
    }
}
