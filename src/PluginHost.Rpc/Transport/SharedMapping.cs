using Microsoft.Win32.SafeHandles;

namespace PluginHost.Rpc.Transport;

/// <summary>
/// Where this process sees a <see cref="SharedMemory"/>. It is unmapped when its owner has disposed it and everybody who called
/// <see cref="Hold"/> has called <see cref="LetGo"/>. Thread-safe; what the memory holds is not.
/// </summary>
public sealed class SharedMapping : SafeHandleZeroOrMinusOneIsInvalid
{
    private SharedMapping(nint address, long length)
        : base(ownsHandle: true)
    {
        SetHandle(address);
        Length = length;
    }

    /// <summary>The size in bytes.</summary>
    public long Length { get; }

    /// <summary>The first byte. Only while the caller holds the mapping; anything there can change at any time.</summary>
    public unsafe byte* Start => (byte*)handle;

    /// <summary>Keeps the mapping until <see cref="LetGo"/>.</summary>
    /// <exception cref="ObjectDisposedException">Its owner has disposed it.</exception>
    public void Hold()
    {
        bool isHeld = false;
        DangerousAddRef(ref isHeld);
    }

    /// <summary>Ends one <see cref="Hold"/>.</summary>
    public void LetGo() => DangerousRelease();

    /// <summary>Gives whole pages back to the system, for every process that sees them; they are zeros when they are touched next.</summary>
    /// <param name="from">The first byte, at a page's begin.</param>
    /// <param name="bytes">How many bytes; whole pages.</param>
    /// <returns>False where the system refused: then the pages stay.</returns>
    public bool GiveBack(long from, long bytes) => Libc.madvise(handle + (nint)from, (nuint)bytes, Libc.AdviceRemove) == 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.munmap(handle, (nuint)Length) == 0;

    internal static SharedMapping Of(SafeFileHandle descriptor, long bytes)
    {
        nint address = Libc.mmap(0, (nuint)bytes, Libc.ReadWrite, Libc.Shared, (int)descriptor.DangerousGetHandle(), 0);
        return address != -1 ? new SharedMapping(address, bytes) : throw new SharedMemoryException($"{bytes} bytes of shared memory could not be mapped: {Libc.LastError()}.");
    }
}
