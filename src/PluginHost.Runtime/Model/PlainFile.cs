using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PluginHost.Runtime.Model;

/// <summary>Opens files that other people put there: regular files only, links not followed, never waiting for a pipe's other end.</summary>
internal static class PlainFile
{
    private const int ReadOnly = 0;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;

    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">The file.</param>
    /// <param name="problem">Why it could not be opened, as a sentence without the path.</param>
    public static FileStream? Open(string path, out string? problem)
    {
        var facts = FileFacts.Of(path);
        problem = facts switch
        {
            null when Directory.Exists(Path.GetDirectoryName(path)) => "the file is missing or cannot be seen. Put it there.",
            null => "the folder is missing or cannot be seen.",
            { Kind: FileKind.File } => null,
            { Kind: FileKind.Link } => $"is a symbolic link to \"{TargetOf(path)}\", expected a file. Put the file itself there.",
            { Kind: var kind } => $"is {Describe(kind)}, expected a file. Put a file there.",
        };
        if (problem is not null)
        {
            return null;
        }

        var handle = new SafeFileHandle(OpenRaw(path, ReadOnly | NonBlocking | CloseOnExec | NoFollow), ownsHandle: true);
        if (handle.IsInvalid)
        {
            var error = Marshal.GetLastPInvokeError();
            handle.Dispose();
            problem = $"cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}. Let this user read it.";
            return null;
        }

        return new(handle, FileAccess.Read, bufferSize: 0);
    }

    /// <summary>Reads a file of at most so many bytes; one byte more shows that it is longer.</summary>
    public static byte[]? Read(string path, int most, out string? problem)
    {
        using var stream = Open(path, out problem);
        if (stream is null)
        {
            return null;
        }

        try
        {
            var bytes = new byte[most + 1];
            return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (IOException error)
        {
            problem = $"cannot be read: {error.Message}";
            return null;
        }
    }

    /// <summary>A kind in words.</summary>
    public static string Describe(FileKind kind) => kind switch
    {
        FileKind.File => "a file",
        FileKind.Directory => "a folder",
        FileKind.Link => "a symbolic link",
        FileKind.Pipe => "a named pipe",
        FileKind.Socket => "a socket",
        _ => "a device",
    };

    /// <summary>What a symbolic link points to, as it says itself.</summary>
    public static string TargetOf(string link) => new FileInfo(link).LinkTarget ?? "";

    private static int NoFollow => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;

    private static unsafe int OpenRaw(string path, int flags)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + "\0"))
        {
            return open(name, flags);
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern unsafe int open(byte* path, int flags);
}
