using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Telemetry.Recording;

/// <summary>
/// The process's thread blocks in a mapped file, and the names that the file has: one for each runtime that records. One a process; never unmapped,
/// since threads write to it until they end. Thread-safe.
/// </summary>
internal sealed class FlightMemory : IThreadBlockMemory
{
    private const int ReadWrite = 1 | 2;
    private const int Shared = 1;
    private readonly Lock _lock = new();
    private readonly SafeFileHandle _file;
    private readonly ILogger _logger;
    private readonly string _firstPath;
    private int _blocks;
    private bool _isFull;

    private FlightMemory(SafeFileHandle file, string path, ILogger logger)
    {
        _file = file;
        _firstPath = path;
        _logger = logger;
    }

    /// <summary>Creates the file, readable by its user alone.</summary>
    /// <exception cref="IOException">It cannot be created or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder does not allow it.</exception>
    public static FlightMemory Create(string path, ProcessIdentity owner, ILogger logger)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            RandomAccess.Write(file, FlightFile.WriteHeader(owner, ProcessIdentity.BootId()), 0);
            return new FlightMemory(file, path, logger);
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Lets go of a file that was not put to use.</summary>
    public void Abandon()
    {
        _file.Dispose();
        File.Delete(_firstPath);
    }

    /// <summary>Writes a slot's name.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public void WriteName(int slot, ReadOnlySpan<byte> name) => RandomAccess.Write(_file, name, FlightFile.NameOffset(slot));

    /// <summary>Writes a part of the header.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public void WriteHeaderPart(ReadOnlySpan<byte> part, int offset) => RandomAccess.Write(_file, part, offset);

    /// <inheritdoc/>
    public nint Allocate()
    {
        lock (_lock)
        {
            if (_isFull)
            {
                return 0;
            }

            long offset = FlightFile.BlocksOffset + ((long)_blocks * ThreadBlocks.BlockBytes);
            int error = _blocks < FlightFile.MaxBlocks ? Map(offset, out nint address) : Full(out address);
            if (error == 0)
            {
                _blocks++;
                return address;
            }

            _isFull = true;
            ThreadPool.UnsafeQueueUserWorkItem(
                static state => Log.FlightRecorderFull(state.Logger, state.Path, state.Error),
                (Logger: _logger, Path: _firstPath, Error: error),
                preferLocal: false);
            return 0;
        }
    }

    private static int Full(out nint address)
    {
        const int FileTooBig = 27;
        address = 0;
        return FileTooBig;
    }

    private int Map(long offset, out nint address)
    {
        address = 0;
        bool isHeld = false;
        try
        {
            _file.DangerousAddRef(ref isHeld);
            int descriptor = (int)_file.DangerousGetHandle();

            // The room is taken now: a mapped page that the disk has no room for would end the process by SIGBUS when it is written.
            int error = posix_fallocate(descriptor, offset, ThreadBlocks.BlockBytes);
            if (error != 0)
            {
                return error;
            }

            nint mapped = mmap(0, ThreadBlocks.BlockBytes, ReadWrite, Shared, descriptor, offset);
            if (mapped == -1)
            {
                return Marshal.GetLastPInvokeError();
            }

            address = mapped;
            return 0;
        }
        finally
        {
            if (isHeld)
            {
                _file.DangerousRelease();
            }
        }
    }

    [DllImport("libc", EntryPoint = "posix_fallocate")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int posix_fallocate(int descriptor, long offset, long length);

    [DllImport("libc", EntryPoint = "mmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint mmap(nint address, nuint length, int protection, int flags, int descriptor, long offset);
}
