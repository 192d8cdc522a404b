using Microsoft.Extensions.Logging;

namespace PluginHost.Runtime.Control;

/// <summary>The last recorded window: a snapshot on disk, replaced whole, for tools that come after the host has gone. Thread-safe.</summary>
internal sealed class WindowFile(string path, ILogger logger)
{
    private readonly Lock _lock = new();
    private bool _failed;

    /// <summary>Writes a snapshot. A disk that does not take it is logged once and never stops the host.</summary>
    public void Write(RuntimeSnapshot snapshot)
    {
        lock (_lock)
        {
            string staged = path + ".new";
            try
            {
                File.WriteAllBytes(staged, snapshot.ToJson());
                File.Move(staged, path, overwrite: true);
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
