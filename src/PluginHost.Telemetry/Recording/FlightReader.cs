using System.Buffers.Binary;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Telemetry.Recording;

/// <summary>Reads the flight files of processes that are gone. Trusts no byte of them.</summary>
internal static class FlightReader
{
    /// <summary>Reads and deletes the files of dead processes, in the order of their names.</summary>
    /// <param name="folder">The folder; need not exist.</param>
    /// <param name="logger">Told of damaged files.</param>
    /// <param name="beforeDelete">Told of each process before its file is deleted.</param>
    public static IReadOnlyList<DeadProcess> ReadDead(string folder, ILogger logger, Action<DeadProcess>? beforeDelete)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(logger);
        List<DeadProcess> dead = [];
        if (!Directory.Exists(folder))
        {
            return dead;
        }

        string bootId = ProcessIdentity.BootId();
        foreach (string file in Directory.EnumerateFiles(folder, "flight-*").Order(StringComparer.Ordinal))
        {
            if (FlightFile.OwnerOf(Path.GetFileName(file)) is { } owner)
            {
                Take(file, owner, bootId, dead, logger, beforeDelete);
            }
        }

        return dead;
    }

    private static void Take(string file, ProcessIdentity owner, string bootId, List<DeadProcess> dead, ILogger logger, Action<DeadProcess>? beforeDelete)
    {
        bool isIdle = file.EndsWith(FlightFile.IdleSuffix, StringComparison.Ordinal);
        try
        {
            string? problem;
            DeadProcess? read;
            using (SafeFileHandle handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
            {
                byte[] header = Chunk(handle, 0, FlightFile.HeaderBytes);
                problem = FlightFile.CheckHeader(header, owner, out string writtenIn);

                // A process of an earlier boot is gone, whoever has its number and start time now.
                if ((problem is not null || writtenIn == bootId) && owner.IsAlive())
                {
                    return;
                }

                read = problem is null && !isIdle ? new DeadProcess(owner.Pid, Threads(handle)) { StartTime = owner.StartTime, End = DeathNote.Read(header) } : null;
            }

            if (read is not null)
            {
                beforeDelete?.Invoke(read);
                dead.Add(read);
            }
            else if (problem is not null)
            {
                Log.FlightFileUnreadable(logger, file, problem);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.FlightFileUnreadable(logger, file, error.Message);
        }

        try
        {
            File.Delete(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.FlightFileKept(logger, file, error.Message);
        }
    }

    private static List<DeadThread> Threads(SafeFileHandle file)
    {
        List<DeadThread> threads = [];
        byte[] names = Chunk(file, FlightFile.HeaderBytes, ThreadBlocks.MaxSlots * FlightFile.NameBytes);
        for (int i = 0; i < FlightFile.MaxBlocks; i++)
        {
            byte[] block = Chunk(file, FlightFile.BlocksOffset + ((long)i * ThreadBlocks.BlockBytes), ThreadBlocks.BlockBytes);
            int thread = block.Length == ThreadBlocks.BlockBytes ? BinaryPrimitives.ReadInt32LittleEndian(block) : 0;
            if (thread > 0 && ReadBlock(thread, block, names) is { } read)
            {
                threads.Add(read);
            }

            if (block.Length < ThreadBlocks.BlockBytes)
            {
                break;
            }
        }

        return threads;
    }

    private static DeadThread? ReadBlock(int thread, ReadOnlySpan<byte> block, ReadOnlySpan<byte> names)
    {
        int last = ThreadBlocks.LastEntered(block[..ThreadBlocks.HeaderBytes]);
        List<DeadCall> inside = [];
        DeadCall? innermost = null;
        for (int slot = 0; slot < ThreadBlocks.MaxSlots; slot++)
        {
            ReadOnlySpan<byte> counts = block.Slice(ThreadBlocks.HeaderBytes + (slot * ThreadBlocks.SlotBytes), ThreadBlocks.SlotBytes);
            long entered = BinaryPrimitives.ReadInt64LittleEndian(counts);
            long left = BinaryPrimitives.ReadInt64LittleEndian(counts[8..]);
            int nameAt = slot * FlightFile.NameBytes;
            if (entered > left && left >= 0 && nameAt + FlightFile.NameBytes <= names.Length
                && FlightFile.ReadName(names.Slice(nameAt, FlightFile.NameBytes)) is { } call)
            {
                inside.Add(call);
                innermost = slot == last ? call : innermost;
            }
        }

        return inside.Count == 0 ? null : new DeadThread(thread, inside, innermost);
    }

    private static byte[] Chunk(SafeFileHandle file, long offset, int length)
    {
        byte[] chunk = new byte[length];
        int read = 0;
        while (read < length && RandomAccess.Read(file, chunk.AsSpan(read), offset + read) is > 0 and int more)
        {
            read += more;
        }

        return read == length ? chunk : chunk[..read];
    }
}
