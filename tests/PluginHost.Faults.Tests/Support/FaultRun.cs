using System.Runtime.InteropServices;
using PluginHost.Contracts.Faults;
using Samples.Contracts;

namespace PluginHost.Faults.Tests.Support;

/// <summary>One fault as it is brought about.</summary>
/// <param name="host">Where.</param>
/// <param name="pid">The victim's worker before it; 0 where it has none.</param>
internal sealed partial class FaultRun(FaultHost host, int pid)
{
    private readonly List<PluginException> _failed = [];

    /// <summary>The host.</summary>
    public FaultHost Host { get; } = host;

    /// <summary>The plugin that is broken.</summary>
    public IFaulty Victim => Host.Victim;

    /// <summary>The calls that failed because of it.</summary>
    public IReadOnlyList<PluginException> Failed => _failed;

    /// <summary>Sends the victim's worker a signal.</summary>
    public void Signal(int signal) => Assert.Equal(0, kill(pid, signal));

    /// <summary>The same, where it may have ended.</summary>
    public void SignalIfThere(int signal) => _ = kill(pid, signal);

    /// <summary>Makes a call that must fail with a typed error that points to the record.</summary>
    public async Task<PluginException> FailsAsync(Func<Task> call)
    {
        PluginException failed = await Assert.ThrowsAnyAsync<PluginException>(call);
        _failed.Add(failed);
        return failed;
    }

    /// <inheritdoc cref="FailsAsync"/>
    public Task<PluginException> FailsAsync(Action call) => FailsAsync(() => Task.Run(call));

    /// <summary>Makes a call that may fail with such an error, or be answered first.</summary>
    public async Task MayFailAsync(Action call)
    {
        try
        {
            await Task.Run(call);
        }
        catch (PluginException failed)
        {
            _failed.Add(failed);
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
