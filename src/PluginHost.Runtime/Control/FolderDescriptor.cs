using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace PluginHost.Runtime.Control;

/// <summary>An open descriptor of a folder, closed on exec.</summary>
internal sealed class FolderDescriptor : SafeHandle
{
    // open(2): O_PATH | O_DIRECTORY | O_CLOEXEC on Linux.
    private const int Flags = 0x200000 | 0x10000 | 0x80000;

    private FolderDescriptor(int descriptor)
        : base(-1, ownsHandle: true) => SetHandle(descriptor);

    /// <summary>The descriptor.</summary>
    public int Number => (int)handle;

    /// <inheritdoc/>
    public override bool IsInvalid => handle < 0;

    /// <summary>Opens a folder.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static unsafe FolderDescriptor Open(string path)
    {
        byte[] name = Encoding.UTF8.GetBytes(path + '\0');
        fixed (byte* pointer = name)
        {
            int descriptor = NativeOpen(pointer, Flags, 0);
            return descriptor >= 0
                ? new FolderDescriptor(descriptor)
                : throw new IOException($"The folder '{path}' cannot be opened: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}.");
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Close((int)handle) == 0;

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern unsafe int NativeOpen(byte* path, int flags, int mode);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
