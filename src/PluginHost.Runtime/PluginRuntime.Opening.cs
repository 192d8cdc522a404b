using System.Net.Sockets;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Control;

namespace PluginHost.Runtime;

/// <content>What a runtime opens when it starts, and does when its plugins change.</content>
public sealed partial class PluginRuntime
{
    private bool _isStarted;
    private bool _isCalibrated;

    /// <summary>Reads the folders, and opens what tells and asks of the plugins. Where it fails, the end of the runtime closes what was opened.</summary>
    private void Open()
    {
        // Before the folders are read: what changes while they are read is noticed.
        _watch = _options.ReloadOnChange ? WatchFolders() : null;
        foreach (SupervisedPlugin plugin in _parts.Preparation.PrepareAll())
        {
            // Folders that claim one id twice were refused by the catalog, each under the same id: one entry tells of all.
            if (_roster.Find(plugin.Id) is null)
            {
                _roster.TryAdd(new PluginSupervisor(plugin, _parts.Supervision));
            }
        }

        RosterChanged();
        _parts.Window.RemoveRemains();
        _control = OpenControl();
        _window = _options.Clock.CreateTimer(_ => WriteWindow(), null, s_windowEvery, s_windowEvery);
        StartWatch();
    }

    private ControlServer OpenControl()
    {
        try
        {
            return ControlServer.Start(_parts.State.ControlSocket, Snapshot, id => ResetAsync(id), _options.Clock, _parts.Logger);
        }
        catch (SocketException refused)
        {
            throw new IOException($"The control socket '{_parts.State.ControlSocket}' cannot be made: {refused.Message} Make room, or name another state folder.", refused);
        }
    }

    private void RosterChanged()
    {
        _parts.Services.Use(_roster.All);
        if (Volatile.Read(ref _isStarted))
        {
            CalibrateOnce();
        }
    }

    // Once the start is over, which would disturb it.
    private void CalibrateOnce()
    {
        if (_roster.All.Any(s => s.Tier == PluginTier.InProcess) && Interlocked.Exchange(ref _isCalibrated, true) is false)
        {
            _ = Task.Run(_parts.Calibrate, CancellationToken.None);
        }
    }

    // Of earlier hosts. Where only some plugins are run, the others' are not known.
    private void CollectEarlierCopies()
    {
        if (_options.Only is null)
        {
            _store.Collect();
        }
    }
}
