using System.Collections.Immutable;

namespace FirstRelease.Contracts;

/// <summary>An item.</summary>
public sealed record Item(int Id, string Name, decimal? Price = null)
{
    /// <summary>Where it lies.</summary>
    public Shelf Shelf { get; init; } = Shelf.Upper;

    /// <summary>What it is called besides.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];
}

/// <summary>A shelf.</summary>
public enum Shelf : byte
{
    Upper,
    Lower = 7,
}

/// <summary>A point.</summary>
public readonly record struct Point(int X, double Y);

/// <summary>A value of every type that can cross.</summary>
public sealed record Everything(bool Flag, sbyte Tiny, byte Small, short Short, ushort UShort, int Int, uint UInt, long Long, ulong ULong)
{
    public float Single { get; init; }

    public double Double { get; init; }

    public decimal Decimal { get; init; }

    public char Char { get; init; }

    public required string Text { get; init; }

    public string? Nothing { get; init; }

    public Guid Guid { get; init; }

    public DateTime DateTime { get; init; }

    public DateTimeOffset DateTimeOffset { get; init; }

    public TimeSpan TimeSpan { get; init; }

    public DateOnly DateOnly { get; init; }

    public TimeOnly TimeOnly { get; init; }

    public Uri? Uri { get; init; }

    public Version? Version { get; init; }

    public byte[]? Bytes { get; init; }

    public ReadOnlyMemory<byte> Memory { get; init; }

    public Shelf Shelf { get; init; }

    public Shelf? MaybeShelf { get; init; }

    public int? MaybeInt { get; init; }

    public Point Point { get; init; }

    public Point? MaybePoint { get; init; }

    public Item? Item { get; init; }

    public int[]? Array { get; init; }

    public List<Item>? List { get; init; }

    public ImmutableArray<Point> Immutable { get; init; } = [];

    public IReadOnlyList<string>? Sequence { get; init; }

    public Dictionary<string, Item>? Dictionary { get; init; }

    public IReadOnlyDictionary<Shelf, int[]>? Map { get; init; }

    public (int Left, string Right) Pair { get; init; }

    public Tuple<int, string>? Tuple { get; init; }
}

/// <summary>A declared error.</summary>
public sealed class NotStockedException(int id) : Exception($"There is no item {id}.")
{
    /// <summary>The id that was asked for.</summary>
    public int Id { get; } = id;
}
