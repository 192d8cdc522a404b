using System.Net.Sockets;

namespace PluginHost.Runtime.Control;

/// <summary>
/// A Unix socket's address of any length: the kernel's limit of 107 bytes is met by naming the folder through an open descriptor
/// (<c>/proc/self/fd/N/name</c>). Keep it until bound or connected.
/// </summary>
internal sealed class ControlAddress : IDisposable
{
    private const int LongestPath = 100;
    private readonly FolderDescriptor? _folder;

    private ControlAddress(string path, FolderDescriptor? folder)
    {
        _folder = folder;
        EndPoint = new UnixDomainSocketEndPoint(path);
    }

    /// <summary>The address.</summary>
    public UnixDomainSocketEndPoint EndPoint { get; }

    /// <summary>The address of a path.</summary>
    public static ControlAddress Of(string path)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(path) <= LongestPath || !OperatingSystem.IsLinux())
        {
            return new ControlAddress(path, null);
        }

        FolderDescriptor folder = FolderDescriptor.Open(Path.GetDirectoryName(path)!);
        return new ControlAddress($"/proc/self/fd/{folder.Number}/{Path.GetFileName(path)}", folder);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder?.Dispose();
}
