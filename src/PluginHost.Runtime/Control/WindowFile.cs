using Microsoft.Extensions.Logging;

namespace PluginHost.Runtime.Control;

/// <summary>The last recorded window: a snapshot on disk, replaced whole, for tools that come after the host has gone. Thread-safe.</summary>
internal sealed class WindowFile(string path, ILogger logger)
{
    private readonly Lock _lock = new();
    private bool _failed;

    private string Staged => path + ".new";

    /// <summary>Removes what a host that died had half written; the folder is this host's. What cannot be removed now is overwritten by the next write.</summary>
    public void RemoveRemains()
    {
        try
        {
            File.Delete(Staged);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.WindowNotWritten(logger, Staged, e.Message);
        }
    }

    /// <summary>Writes a snapshot. A disk that does not take it is logged once and never stops the host.</summary>
    public void Write(RuntimeSnapshot snapshot)
    {
        lock (_lock)
        {
            try
            {
                File.WriteAllBytes(Staged, snapshot.ToJson());
                File.Move(Staged, path, overwrite: true);
                _failed = false;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (!_failed)
                {
                    Log.WindowNotWritten(logger, path, e.Message);
                }

                _failed = true;
            }
        }
    }
}
