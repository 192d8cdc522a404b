namespace PluginHost.Generators.Model;

/// <summary>How a type is written and read.</summary>
internal enum TypeShape
{
    Boolean,
    SByte,
    Byte,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Single,
    Double,
    Decimal,
    Char,
    String,
    Guid,
    DateTime,
    DateTimeOffset,
    TimeSpan,
    DateOnly,
    TimeOnly,
    Uri,
    Version,
    Bytes,
    Memory,
    ReadOnlyMemory,

    /// <summary>One item: the underlying integer.</summary>
    Enum,

    /// <summary>A nullable value type; one item.</summary>
    Nullable,

    Array,
    List,
    ImmutableArray,

    /// <summary>IEnumerable and its collection interfaces, all read into a list.</summary>
    Sequence,

    /// <summary>Two items: key and value.</summary>
    Dictionary,

    /// <summary>IDictionary and IReadOnlyDictionary, read into a dictionary.</summary>
    Map,

    ValueTuple,
    Tuple,

    /// <summary>A record, class or struct of the contract; described by the <see cref="DataModel"/> of the same <see cref="TypeRef.Id"/>.</summary>
    Data,

    /// <summary>IProgress; one item: the report. An argument only.</summary>
    Progress,

    /// <summary>IAsyncEnumerable; one item.</summary>
    AsyncSequence,

    /// <summary>An object of a contract.</summary>
    ContractObject,

    /// <summary>A stream.</summary>
    Stream,

    /// <summary>IMemoryOwner of bytes. A result only; the caller owns it.</summary>
    MemoryOwner,
}

/// <summary>A type where it is used.</summary>
/// <param name="Shape">How it is written and read.</param>
/// <param name="Code">The type in C#, fully qualified, without the question mark of a nullable reference.</param>
/// <param name="Id">An identifier that is the same for the same <paramref name="Code"/> only; part of the names of its functions.</param>
/// <param name="Display">The type as people write it, for messages.</param>
/// <param name="IsReference">True for a reference type.</param>
/// <param name="IsNullable">True where null is a value of it.</param>
/// <param name="Items">Element, key, value or underlying types.</param>
internal sealed record TypeRef(
    TypeShape Shape,
    string Code,
    string Id,
    string Display,
    bool IsReference,
    bool IsNullable,
    EquatableArray<TypeRef> Items)
{
    /// <summary>The descriptor of a <see cref="TypeShape.ContractObject"/> in C#; empty for others.</summary>
    public string Descriptor { get; init; } = string.Empty;

    /// <summary>True for an object that may be called until its call is answered only.</summary>
    public bool IsCallScoped { get; init; }

    /// <summary>True for what stays with its owner and is lent or leased, never copied.</summary>
    public bool IsLease => Shape is TypeShape.Progress or TypeShape.AsyncSequence or TypeShape.ContractObject or TypeShape.Stream;

    /// <summary>The type in C# with its question mark.</summary>
    public string Type => IsReference && IsNullable ? Code + "?" : Code;

    /// <summary>Distinguishes results that may be null from those that may not.</summary>
    public string NullableId => IsReference && IsNullable ? Id + "OrNull" : Id;
}
