using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Telemetry.Recording;

/// <summary>
/// The flight recorder's file: 4 KiB of header, a table of 512 bytes a slot that says which method a slot is, then the threads' blocks. Little
/// endian. The table is sparse: what was never named takes no room on the disk.
/// </summary>
internal static class FlightFile
{
    /// <summary>The header's size in bytes.</summary>
    public const int HeaderBytes = 4096;

    /// <summary>The size of a slot's name in bytes.</summary>
    public const int NameBytes = 512;

    /// <summary>Where the blocks begin: past the table, at a whole block.</summary>
    public const long BlocksOffset =
        (HeaderBytes + ((long)ThreadBlocks.MaxSlots * NameBytes) + ThreadBlocks.BlockBytes - 1) / ThreadBlocks.BlockBytes * ThreadBlocks.BlockBytes;

    /// <summary>How many blocks a file holds at most: 64 MiB. Threads beyond are not recorded.</summary>
    public const int MaxBlocks = 1024;

    /// <summary>The suffix of the file of a process whose runtimes all ended in order.</summary>
    public const string IdleSuffix = ".idle";

    private const ulong Magic = 0x54_48_47_49_4C_46_48_50; // "PHFLIGHT"
    private const int Version = 2;
    private const string Prefix = "flight-";
    private const string Suffix = ".bin";
    private const int BootIdOffset = 36;
    private const int BootIdBytes = 64;
    private const int IdOffset = 6;
    private const int MaxIdBytes = 200;
    private const int MethodOffset = IdOffset + MaxIdBytes;
    private const int MaxMethodBytes = 255;
    private const int SumOffset = NameBytes - 8;

    // Escapes make a text longer.
    private const int MostTextBytes = 8 * NameBytes;

    /// <summary>The file's name for a process.</summary>
    public static string NameOf(ProcessIdentity owner, bool idle = false) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{owner.Pid}-{owner.StartTime}{(idle ? IdleSuffix : Suffix)}");

    /// <summary>The process of a file's name, or null where it is none of ours.</summary>
    public static ProcessIdentity? OwnerOf(string fileName)
    {
        string stem = Path.GetFileNameWithoutExtension(fileName);
        string[] parts = stem.StartsWith(Prefix, StringComparison.Ordinal) ? stem[Prefix.Length..].Split('-') : [];
        return parts.Length == 2
            && Path.GetExtension(fileName) is Suffix or IdleSuffix
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long start)
                ? new ProcessIdentity(pid, start)
                : null;
    }

    /// <summary>Where a slot's name stands.</summary>
    public static long NameOffset(int slot) => HeaderBytes + ((long)slot * NameBytes);

    /// <summary>Writes a header.</summary>
    public static byte[] WriteHeader(ProcessIdentity owner, string bootId)
    {
        byte[] header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), owner.Pid);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), owner.StartTime);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(24), ThreadBlocks.BlockBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(28), ThreadBlocks.HeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(32), ThreadBlocks.SlotBytes);
        Encoding.ASCII.GetBytes(bootId.AsSpan(0, Math.Min(bootId.Length, BootIdBytes)), header.AsSpan(BootIdOffset, BootIdBytes));
        return header;
    }

    /// <summary>Checks a header.</summary>
    /// <returns>What is wrong with it, or null; <paramref name="bootId"/> is the boot it was written in.</returns>
    public static string? CheckHeader(ReadOnlySpan<byte> header, ProcessIdentity owner, out string bootId)
    {
        bootId = "";
        if (header.Length < HeaderBytes)
        {
            return $"it ends after {header.Length} bytes, inside its header of {HeaderBytes}";
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(header) != Magic)
        {
            return "it does not begin as a flight recorder file";
        }

        if (BinaryPrimitives.ReadInt32LittleEndian(header[8..]) is not Version and int version)
        {
            return $"its version is {version}, this host reads {Version}";
        }

        ProcessIdentity named = new(BinaryPrimitives.ReadInt32LittleEndian(header[12..]), BinaryPrimitives.ReadInt64LittleEndian(header[16..]));
        if (named != owner)
        {
            return $"its header is of process {named.Pid}, its name of process {owner.Pid}";
        }

        if (BinaryPrimitives.ReadInt32LittleEndian(header[24..]) != ThreadBlocks.BlockBytes
            || BinaryPrimitives.ReadInt32LittleEndian(header[28..]) != ThreadBlocks.HeaderBytes
            || BinaryPrimitives.ReadInt32LittleEndian(header[32..]) != ThreadBlocks.SlotBytes)
        {
            return "its blocks have another layout than this host's";
        }

        bootId = Encoding.ASCII.GetString(header.Slice(BootIdOffset, BootIdBytes)).TrimEnd('\0');
        return null;
    }

    /// <summary>Writes a slot's name; what is too long is cut.</summary>
    public static byte[] WriteName(DeadCall call)
    {
        byte[] name = new byte[NameBytes];
        BinaryPrimitives.WriteInt32LittleEndian(name, call.Generation);
        name[4] = Put(call.PluginId, name.AsSpan(IdOffset, MaxIdBytes));
        name[5] = Put(call.Method, name.AsSpan(MethodOffset, MaxMethodBytes));
        BinaryPrimitives.WriteUInt64LittleEndian(name.AsSpan(SumOffset), SumOf(name.AsSpan(0, SumOffset)));
        return name;
    }

    /// <summary>Reads a slot's name, without characters that act on a terminal; null where there is none or it is damaged.</summary>
    public static DeadCall? ReadName(ReadOnlySpan<byte> name)
    {
        if (name.Length < NameBytes
            || name[4] is 0 or > MaxIdBytes
            || BinaryPrimitives.ReadUInt64LittleEndian(name[SumOffset..]) != SumOf(name[..SumOffset]))
        {
            return null;
        }

        return new DeadCall(
            ForeignText.Line(Encoding.UTF8.GetString(name.Slice(IdOffset, name[4])), MostTextBytes)!,
            ForeignText.Line(Encoding.UTF8.GetString(name.Slice(MethodOffset, name[5])), MostTextBytes)!,
            BinaryPrimitives.ReadInt32LittleEndian(name));
    }

    private static byte Put(string text, Span<byte> into)
    {
        Encoder encoder = Encoding.UTF8.GetEncoder();
        encoder.Convert(text, into, flush: true, out _, out int bytes, out _);
        return (byte)bytes;
    }

    // FNV-1a: it tells a torn or foreign entry from a whole one, not an attacker's.
    private static ulong SumOf(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 14695981039346656037;
        foreach (byte value in bytes)
        {
            sum = (sum ^ value) * 1099511628211;
        }

        return sum;
    }
}
