using System.Runtime.InteropServices;
using System.Text;

namespace PluginHost.Runtime.Model;

/// <summary>Creates files and folders with a mode: for this user alone, or for reading only; and second names of files.</summary>
internal static class OwnFiles
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Creates a folder, and those above it that are missing, for this user alone (0700). One that is there stays as it is.</summary>
    public static void CreateFolder(string path)
    {
        RefuseWindows();
        if (!OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Opens a file for this host alone, creating it for this user alone (0600). The kernel ends the claim when the process dies.</summary>
    /// <exception cref="IOException">Another process has it.</exception>
    public static FileStream OpenAlone(string path)
    {
        RefuseWindows();
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return new(path, options);
    }

    /// <summary>Lets nobody write a file (0444).</summary>
    public static void MakeReadOnly(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, ReadOnly);
        }
    }

    /// <summary>Gives a file a second name on the same file system, whatever its rights; false where that cannot be.</summary>
    public static unsafe bool TryLink(string path, string added)
    {
        fixed (byte* existing = Encoding.UTF8.GetBytes(path + "\0"), name = Encoding.UTF8.GetBytes(added + "\0"))
        {
            return link(existing, name) == 0;
        }
    }

    private static void RefuseWindows()
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Private folders are made on Linux only in this release; run the host on Linux.");
        }
    }

    [DllImport("libc")]
    private static extern unsafe int link(byte* existing, byte* name);
}
