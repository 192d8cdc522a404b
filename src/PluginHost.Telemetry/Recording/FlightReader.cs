using System.Buffers.Binary;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Telemetry.Recording;

/// <summary>Reads the flight files of processes that are gone. Trusts no byte of them.</summary>
internal static class FlightReader
{
    // No stack goes through more methods of plugins than that; a file that was written by hand may say so.
    private const int MostInside = 256;

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
            if (NoFile(file) is { } other)
            {
                if (!owner.IsAlive())
                {
                    Log.FlightFileUnreadable(logger, file, other);
                    Delete(file, logger);
                }

                return;
            }

            using (SafeFileHandle handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
            {
                byte[] header = Chunk(handle, 0, FlightFile.HeaderBytes);
                problem = FlightFile.CheckHeader(header, owner, out string writtenIn);

                // A process of an earlier boot is gone, whoever has its number and start time now.
                if ((problem is not null || writtenIn == bootId) && owner.IsAlive())
                {
                    return;
                }

                read = problem is null && !isIdle ? Read(handle, owner, header) : null;
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

        Delete(file, logger);
    }

    // An open of a pipe would wait for its other end, for ever.
    private static string? NoFile(string file)
    {
        FileInfo facts = new(file);
        return facts.LinkTarget is { } target ? $"it is a link to {target}"
            : facts.Length == 0 ? "it is empty, or no file"
            : null;
    }

    private static void Delete(string file, ILogger logger)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Log.FlightFileKept(logger, file, error.Message);
        }
    }

    private static DeadProcess Read(SafeFileHandle file, ProcessIdentity owner, ReadOnlySpan<byte> header)
    {
        List<DeadThread> threads = [];
        List<SuspendedCalls> suspended = [];
        DeadCall?[] names = Names(Chunk(file, FlightFile.HeaderBytes, ThreadBlocks.MaxSlots * FlightFile.NameBytes));
        for (int i = 0; i < FlightFile.MaxBlocks; i++)
        {
            byte[] block = Chunk(file, FlightFile.BlocksOffset + ((long)i * ThreadBlocks.BlockBytes), ThreadBlocks.BlockBytes);
            if (block.Length < ThreadBlocks.BlockBytes)
            {
                break;
            }

            int thread = BinaryPrimitives.ReadInt32LittleEndian(block);
            if (thread == ThreadBlocks.SuspendedCalls)
            {
                suspended = [.. Calls(block, names).Select(c => new SuspendedCalls(c.Call, c.Inside))];
            }
            else if (thread > 0 && ReadThread(thread, block, names) is { } read)
            {
                threads.Add(read);
            }
        }

        return new DeadProcess(owner.Pid, threads) { StartTime = owner.StartTime, Suspended = suspended, End = DeathNote.Read(header) };
    }

    private static DeadThread? ReadThread(int thread, byte[] block, DeadCall?[] names)
    {
        int last = ThreadBlocks.LastEntered(block.AsSpan(0, ThreadBlocks.HeaderBytes));
        (int Slot, DeadCall Call, long Inside)[] inside = [.. Calls(block, names).Take(MostInside)];
        return inside.Length == 0 ? null : new DeadThread(thread, [.. inside.Select(c => c.Call)], Array.Find(inside, c => c.Slot == last).Call);
    }

    private static IEnumerable<(int Slot, DeadCall Call, long Inside)> Calls(byte[] block, DeadCall?[] names)
    {
        for (int slot = 0; slot < ThreadBlocks.MaxSlots; slot++)
        {
            ReadOnlySpan<byte> counts = block.AsSpan(ThreadBlocks.HeaderBytes + (slot * ThreadBlocks.SlotBytes), ThreadBlocks.SlotBytes);
            long entered = BinaryPrimitives.ReadInt64LittleEndian(counts);
            long left = BinaryPrimitives.ReadInt64LittleEndian(counts[8..]);
            if (entered > left && left >= 0 && names[slot] is { } call)
            {
                yield return (slot, call, entered - left);
            }
        }
    }

    // Each name once, however many threads were in it.
    private static DeadCall?[] Names(ReadOnlySpan<byte> table)
    {
        DeadCall?[] names = new DeadCall?[ThreadBlocks.MaxSlots];
        for (int slot = 0; (slot + 1) * FlightFile.NameBytes <= table.Length; slot++)
        {
            names[slot] = FlightFile.ReadName(table.Slice(slot * FlightFile.NameBytes, FlightFile.NameBytes));
        }

        return names;
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
