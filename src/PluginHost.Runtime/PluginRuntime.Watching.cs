using PluginHost.Contracts.Faults;

namespace PluginHost.Runtime;

/// <content>What follows a change of the plugins folder.</content>
public sealed partial class PluginRuntime
{
    private async Task<bool> TakeFolderAsync(string folder)
    {
        if (_supervisors.Values.FirstOrDefault(s => s.Plugin.SourceFolder == folder) is not { } supervisor)
        {
            Log.NewFolder(_parts.Logger, folder);
            return true;
        }

        try
        {
            await supervisor.ReloadAsync(
                () => _parts.Preparation.PrepareAgain(supervisor.Plugin), new ReloadTerms(StartsStopped: false, OnlyIfChanged: true)).ConfigureAwait(false);
            return true;
        }
        catch (PluginException)
        {
            // Recorded and logged where it was found.
            return false;
        }
    }
}
