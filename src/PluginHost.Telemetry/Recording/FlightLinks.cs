using System.Runtime.InteropServices;
using System.Text;

namespace PluginHost.Telemetry.Recording;

/// <summary>
/// The names of the process's one flight file: a hard link in the folder of every runtime that records. After the last runtime's end one name
/// stays until the process ends, marked as idle, so that a later runtime can link it again. Not thread-safe.
/// </summary>
internal sealed class FlightLinks
{
    private readonly ProcessIdentity _owner;
    private readonly Dictionary<string, int> _uses;
    private string? _idle;

    /// <summary>Starts with the file's first name, in use once.</summary>
    public FlightLinks(ProcessIdentity owner, string firstPath)
    {
        _owner = owner;
        _uses = new(StringComparer.Ordinal) { [firstPath] = 1 };
        AppDomain.CurrentDomain.ProcessExit += (_, _) => DeleteIdle();
    }

    /// <summary>Gives the file a name in another folder.</summary>
    /// <returns>Null, or why it cannot be done.</returns>
    public string? Add(string path)
    {
        if (_uses.TryGetValue(path, out int uses) && uses > 0)
        {
            _uses[path] = uses + 1;
            return null;
        }

        string? known = _idle ?? _uses.Keys.FirstOrDefault();
        if (known is null || !File.Exists(known))
        {
            return $"this process already records to a file of an earlier runtime, which was deleted from outside ({known})";
        }

        int error = Link(known, path);
        if (error != 0)
        {
            return $"this process already records to {known}, which cannot be linked to {path}: {Marshal.GetPInvokeErrorMessage(error)}";
        }

        DeleteIdle();
        _uses[path] = 1;
        return null;
    }

    /// <summary>Takes a name back; the last one becomes idle.</summary>
    /// <exception cref="IOException">It cannot be removed.</exception>
    public void Remove(string path)
    {
        if (!_uses.TryGetValue(path, out int uses))
        {
            return;
        }

        if (uses > 1)
        {
            _uses[path] = uses - 1;
            return;
        }

        _uses.Remove(path);
        if (_uses.Count > 0)
        {
            File.Delete(path);
        }
        else if (File.Exists(path))
        {
            string idle = Path.Combine(Path.GetDirectoryName(path)!, FlightFile.NameOf(_owner, idle: true));
            File.Move(path, idle, overwrite: true);
            _idle = idle;
        }
    }

    private void DeleteIdle()
    {
        if (_idle is not { } idle)
        {
            return;
        }

        _idle = null;
        try
        {
            File.Delete(idle);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Its folder is gone, or the next start deletes it: an idle file is no sign of a death.
            return;
        }
    }

    private static unsafe int Link(string from, string to)
    {
        fixed (byte* existing = Encoding.UTF8.GetBytes(from + '\0'))
        fixed (byte* added = Encoding.UTF8.GetBytes(to + '\0'))
        {
            return link(existing, added) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern unsafe int link(byte* existing, byte* added);
}
