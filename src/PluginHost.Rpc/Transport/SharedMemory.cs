using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PluginHost.Rpc.Transport;

/// <summary>
/// Memory that two processes share, without a name in any file system. Its size is sealed when it is created: a process that could truncate it
/// would kill every other process that touches it. Linux only. Thread-safe.
/// </summary>
public sealed class SharedMemory : IDisposable
{
    private const int Seals = Libc.SealShrink | Libc.SealGrow | Libc.SealSeals;

    private SharedMemory(SafeFileHandle descriptor, SharedMapping mapping)
    {
        Descriptor = descriptor;
        Mapping = mapping;
    }

    /// <summary>The descriptor, to be inherited by a worker. It can be closed once that has started: the mapping stays.</summary>
    public SafeFileHandle Descriptor { get; }

    /// <summary>Where this process sees the memory. It lives as long as anybody holds it.</summary>
    public SharedMapping Mapping { get; }

    /// <summary>Creates memory full of zeros. Its pages cost nothing before they are touched.</summary>
    /// <param name="name">What the memory is called in /proc; need not be unique.</param>
    /// <param name="bytes">The size, above 0.</param>
    /// <exception cref="SharedMemoryException">The system has no such memory, or no more of it.</exception>
    public static unsafe SharedMemory Create(string name, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        if (!OperatingSystem.IsLinux())
        {
            throw new SharedMemoryException("This system has no sealed memory (memfd); it needs Linux.");
        }

        SafeFileHandle descriptor = new(CreateDescriptor(name), ownsHandle: true);
        try
        {
            int number = (int)descriptor.DangerousGetHandle();
            if (Libc.ftruncate(number, (nint)bytes) != 0 || Libc.fcntl(number, Libc.AddSeals, Seals) != 0)
            {
                throw new SharedMemoryException($"Shared memory '{name}' of {bytes} bytes could not be made: {Libc.LastError()}.");
            }

            return new SharedMemory(descriptor, SharedMapping.Of(descriptor, bytes));
        }
        catch
        {
            descriptor.Dispose();
            throw;
        }
    }

    /// <summary>Opens memory that another process created.</summary>
    /// <param name="descriptor">The descriptor, as inherited; owned from here on.</param>
    /// <param name="bytes">The size that it must have.</param>
    /// <exception cref="SharedMemoryException">It is no such memory: another size, not sealed, or not to be mapped.</exception>
    public static SharedMemory Open(SafeFileHandle descriptor, long bytes)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        try
        {
            CheckSealed(descriptor, bytes);
            return new SharedMemory(descriptor, SharedMapping.Of(descriptor, bytes));
        }
        catch
        {
            descriptor.Dispose();
            throw;
        }
    }

    /// <summary>Closes the descriptor and gives up this holder's part of the mapping; others who hold it keep it.</summary>
    public void Dispose()
    {
        Descriptor.Dispose();
        Mapping.Dispose();
    }

    private static void CheckSealed(SafeFileHandle descriptor, long bytes)
    {
        int number = (int)descriptor.DangerousGetHandle();
        int seals = Libc.fcntl(number, Libc.GetSeals, 0);
        if (seals < 0)
        {
            throw new SharedMemoryException($"Descriptor {number} is no sealed memory: {Libc.LastError()}.");
        }

        if ((seals & Seals) != Seals)
        {
            throw new SharedMemoryException($"The memory behind descriptor {number} has the seals {seals}; expected at least {Seals} (shrink, grow, seal).");
        }

        long length = RandomAccess.GetLength(descriptor);
        if (length != bytes)
        {
            throw new SharedMemoryException($"The memory behind descriptor {number} has {length} bytes; expected {bytes}.");
        }
    }

    private static unsafe int CreateDescriptor(string name)
    {
        Span<byte> text = stackalloc byte[Encoding.UTF8.GetMaxByteCount(name.Length) + 1];
        text.Clear();
        Encoding.UTF8.GetBytes(name, text);
        fixed (byte* start = text)
        {
            const uint Flags = Libc.MemoryCloseOnExec | Libc.MemoryAllowSealing;
            int number = Libc.memfd_create(start, Flags | Libc.MemoryNotExecutable);
            if (number < 0 && Marshal.GetLastPInvokeError() == Libc.InvalidArgument)
            {
                // Kernels before 6.3 do not know the last flag.
                number = Libc.memfd_create(start, Flags);
            }

            return number >= 0 ? number : throw new SharedMemoryException($"Shared memory '{name}' could not be made: {Libc.LastError()}.");
        }
    }
}

/// <summary>Shared memory could not be made or opened.</summary>
/// <param name="message">What happened.</param>
public sealed class SharedMemoryException(string message) : Exception(message);
