using System.Buffers.Binary;

namespace PluginHost.Contracts.Invocation;

/// <summary>
/// Gives a partition key its number: the same for the same key in every process and release, and evenly spread. Called by generated code; boxes and
/// allocates nothing.
/// </summary>
public static class PartitionHash
{
    private const ulong Seed = 0x9E37_79B9_7F4A_7C15;
    private const ulong TextPrime = 0x0000_0100_0000_01B3;

    /// <summary>The number of a whole number, character or enum value.</summary>
    public static ulong Of(long key) => Of(unchecked((ulong)key));

    /// <summary>The number of a whole number; the same as of an equal signed one.</summary>
    public static ulong Of(ulong key) => Mix(unchecked(key + Seed));

    /// <summary>The number of a GUID.</summary>
    public static ulong Of(Guid key)
    {
        Span<byte> bytes = stackalloc byte[16];
        key.TryWriteBytes(bytes);
        return Mix(Of(BinaryPrimitives.ReadUInt64LittleEndian(bytes)) ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
    }

    /// <summary>The number of a text, compared exactly; null is a key of its own. Takes time with the text's length.</summary>
    public static ulong Of(string? key)
    {
        if (key is null)
        {
            return Mix(~Seed);
        }

        ulong hash = Seed ^ (ulong)key.Length;
        foreach (char unit in key)
        {
            hash = unchecked((hash ^ unit) * TextPrime);
        }

        return Mix(hash);
    }

    /// <summary>Spreads a number's bits over all of it (the end of SplitMix64).</summary>
    /// <param name="number">Any number.</param>
    public static ulong Mix(ulong number)
    {
        unchecked
        {
            number = (number ^ (number >> 30)) * 0xBF58_476D_1CE4_E5B9;
            number = (number ^ (number >> 27)) * 0x94D0_49BB_1331_11EB;
            return number ^ (number >> 31);
        }
    }
}
