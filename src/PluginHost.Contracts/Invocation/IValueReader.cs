using System.Buffers;

namespace PluginHost.Contracts.Invocation;

/// <summary>What kind of value comes next.</summary>
public enum ValueKind
{
    /// <summary>Null.</summary>
    Null,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>An integer or a float.</summary>
    Number,

    /// <summary>A string.</summary>
    String,

    /// <summary>Bytes; in JSON they are a base64 string and appear as <see cref="String"/>.</summary>
    Binary,

    /// <summary>An array.</summary>
    Array,

    /// <summary>A map of names and values.</summary>
    Map,

    /// <summary>Something only this codec has, such as a MessagePack extension.</summary>
    Other,
}

/// <summary>Where a reader stands inside an array or a map. Owned by the code that began it; read and changed only by the reader.</summary>
public struct ValueScope
{
    /// <summary>Values left, or -1 where the codec does not count ahead.</summary>
    public int Remaining { get; set; }

    /// <summary>The count as announced, bounded by what the message can hold, for sizing a collection; 0 where unknown.</summary>
    public readonly int CapacityHint => Remaining > 0 ? Remaining : 0;
}

/// <summary>
/// Reads values in one codec. Every method throws <see cref="ValueFormatException"/> where the next value is of another kind or out of range;
/// the message names the offset, what was found and what was expected. Depth is bounded by the implementation. Not thread-safe.
/// </summary>
public interface IValueReader
{
    /// <summary>Reads what stays with its owner.</summary>
    /// <exception cref="ValueFormatException">There is none: a notification, a log, a value outside a call.</exception>
    Leases Leases { get; }

    /// <summary>Looks at the next value without reading it.</summary>
    ValueKind Peek();

    /// <summary>Reads a null and returns true, or reads nothing and returns false.</summary>
    bool TryReadNull();

    /// <summary>Reads a boolean.</summary>
    bool ReadBoolean();

    /// <summary>Reads an integer of any written width.</summary>
    long ReadInt64();

    /// <summary>Reads an integer of any written width.</summary>
    ulong ReadUInt64();

    /// <summary>Reads an integer and checks its range.</summary>
    int ReadInt32();

    /// <summary>Reads a 32-bit float; integers convert.</summary>
    float ReadSingle();

    /// <summary>Reads a 64-bit float; integers convert.</summary>
    double ReadDouble();

    /// <summary>Reads a decimal.</summary>
    decimal ReadDecimal();

    /// <summary>Reads a string; null where the value is null.</summary>
    string? ReadString();

    /// <summary>Reads a character.</summary>
    char ReadChar();

    /// <summary>Reads bytes into a new array; null where the value is null.</summary>
    byte[]? ReadBinary();

    /// <summary>
    /// Reads bytes for as long as the call lasts that they are an argument of: large ones are not copied where the reader may see the writer's
    /// memory, and cannot be reached once the call has been answered. A result's bytes are the reader's own.
    /// </summary>
    Memory<byte> ReadMemory();

    /// <summary>
    /// Reads bytes for as long as their owner keeps them; null where the value is null. Large ones are not copied where the reader may see the
    /// writer's memory: dispose the owner to give it back.
    /// </summary>
    IMemoryOwner<byte>? ReadMemoryOwner();

    /// <summary>Reads a Guid.</summary>
    Guid ReadGuid();

    /// <summary>Reads a date and time.</summary>
    DateTime ReadDateTime();

    /// <summary>Reads a date and time with its offset.</summary>
    DateTimeOffset ReadDateTimeOffset();

    /// <summary>Reads a duration.</summary>
    TimeSpan ReadTimeSpan();

    /// <summary>Begins an array: <c>var s = r.BeginArray(); while (r.NextElement(ref s)) …</c>.</summary>
    ValueScope BeginArray();

    /// <summary>Moves to the next element; false, with the array ended, after the last.</summary>
    bool NextElement(ref ValueScope scope);

    /// <summary>Begins a map: <c>var s = r.BeginMap(); while (r.NextName(ref s, out var name)) …</c>.</summary>
    ValueScope BeginMap();

    /// <summary>Moves to the next name; false, with the map ended, after the last.</summary>
    /// <param name="scope">From <see cref="BeginMap"/>.</param>
    /// <param name="utf8Name">The unescaped name; valid until the next call on this reader.</param>
    bool NextName(ref ValueScope scope, out ReadOnlySpan<byte> utf8Name);

    /// <summary>Skips one whole value.</summary>
    void Skip();
}
