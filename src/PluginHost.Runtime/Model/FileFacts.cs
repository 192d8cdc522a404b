using System.Runtime.InteropServices;
using System.Text;

namespace PluginHost.Runtime.Model;

/// <summary>What kind of thing a path names.</summary>
internal enum FileKind
{
    /// <summary>A regular file.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A symbolic link.</summary>
    Link,

    /// <summary>A named pipe.</summary>
    Pipe,

    /// <summary>A socket.</summary>
    Socket,

    /// <summary>A device.</summary>
    Device,
}

/// <summary>Kind, owner and mode of a path, links not followed.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="User">The owning user's id.</param>
/// <param name="Group">The owning group's id.</param>
/// <param name="Mode">The permission bits.</param>
/// <param name="Links">How many names it has.</param>
internal readonly record struct FileFacts(FileKind Kind, uint User, uint Group, UnixFileMode Mode, uint Links)
{
    private const int AtCurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const uint BasicStats = 0x7ff;

    /// <summary>Its number on its file system: another one for another file in its place.</summary>
    public ulong Inode { get; init; }

    /// <summary>When its content or anything else of it changed last, in nanoseconds since 1970; nobody can set it.</summary>
    public long ChangedAt { get; init; }

    /// <summary>Asks the system; null where there is nothing at the path or it may not be seen.</summary>
    /// <exception cref="PlatformNotSupportedException">Not on Linux: other systems come with their own seam.</exception>
    public static unsafe FileFacts? Of(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("Owners and modes of files can be told on Linux only in this release; run the host on Linux.");
        }

        Statx facts;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + "\0"))
        {
            if (statx(AtCurrentFolder, name, NoFollow, BasicStats, &facts) != 0)
            {
                return null;
            }
        }

        var kind = (facts.Mode & 0xf000) switch
        {
            0x8000 => FileKind.File,
            0x4000 => FileKind.Directory,
            0xa000 => FileKind.Link,
            0x1000 => FileKind.Pipe,
            0xc000 => FileKind.Socket,
            _ => FileKind.Device,
        };
        return new(kind, facts.User, facts.Group, (UnixFileMode)(facts.Mode & 0xfff), facts.Links)
        {
            Inode = facts.Inode,
            ChangedAt = (facts.ChangeSeconds * 1_000_000_000) + facts.ChangeNanoseconds,
        };
    }

    /// <summary>The effective user's id.</summary>
    public static uint CurrentUser() => geteuid();

    [DllImport("libc")]
    private static extern unsafe int statx(int folder, byte* path, int flags, uint mask, Statx* facts);

    [DllImport("libc")]
    private static extern uint geteuid();

    /// <summary>The kernel's struct statx: the same on every processor.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(16)]
        public uint Links;

        [FieldOffset(20)]
        public uint User;

        [FieldOffset(24)]
        public uint Group;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(96)]
        public long ChangeSeconds;

        [FieldOffset(104)]
        public uint ChangeNanoseconds;
    }
}
