using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime;

/// <content>Taking what plugins' folders hold now, asked for or because they have changed.</content>
public sealed partial class PluginRuntime
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Reads a plugin's folder anew and runs what is there now: started beside the running generation, asked whether it is healthy, then swapped in. No call
    /// fails and none waits; sequences and objects of the old generation get <see cref="PluginRuntimeOptions.DrainTimeout"/>, then it ends. Where the
    /// new version cannot run, the old one goes on, and a fault record says why. Of several reloads at once the last is carried out. A plugin
    /// that does not run is started.
    /// </summary>
    /// <param name="pluginId">The plugin's id.</param>
    /// <param name="acceptChanges">
    /// True where a person has agreed to what changes beside the code: the trust requested or granted, permissions, host services, the publisher, or an older version.
    /// False refuses such a version.
    /// </param>
    /// <returns>What became of the old generation, once it has ended.</returns>
    /// <exception cref="KeyNotFoundException">No plugin of the folder has that id.</exception>
    /// <exception cref="PluginException">The new version was refused, did not start or is not healthy: the old one goes on.</exception>
    public Task<UnloadResult> ReloadAsync(string pluginId, bool acceptChanges = false) =>
        _intake.ReloadAsync(Supervisor(pluginId), new ReloadTerms(AcceptsChanges: acceptChanges));

    private FolderWatch WatchFolders() => new(
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(_options.Directory)), s_quiet, s_look, _intake.TakeAsync, _intake.GoneAsync, _options.Clock, _parts.Logger);

    private void StartWatch()
    {
        if (_watch is { } watch)
        {
            // Every folder that is none of a plugin which could be read: several that claim one id have one entry.
            IEnumerable<string> read = _roster.All.Where(s => s.Plugin.Manifest is not null).Select(s => s.Plugin.SourceFolder);
            watch.Start([.. watch.Folders.Except(read)]);
        }
    }
}
