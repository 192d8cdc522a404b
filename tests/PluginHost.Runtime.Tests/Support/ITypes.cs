using System.Collections.Immutable;
using PluginHost.Contracts;

namespace PluginHost.Runtime.Tests.Support;

/// <summary>One value of every kind that a contract can hold, for the table of docs/other-languages.md.</summary>
[PluginContract(Major = 1)]
public interface ITypes
{
    /// <summary>Answers with what came.</summary>
    TypesOfValues Echo(TypesOfValues? values);
}

/// <summary>A weekday or two.</summary>
public enum Day
{
    Monday = 1,
    Tuesday = 2,
}

public sealed record Place(string StreetName, int? Number);

public sealed record TypesOfValues
{
    public required bool Boolean { get; init; }

    public required int Integer { get; init; }

    public required ulong Large { get; init; }

    public required double Number { get; init; }

    public required decimal Amount { get; init; }

    public required char Character { get; init; }

    public required string Text { get; init; }

    public required string? Nothing { get; init; }

    public required Day Day { get; init; }

    public required Guid Guid { get; init; }

    public required DateTime Utc { get; init; }

    public required DateTime Unspecified { get; init; }

    public required DateTimeOffset Offset { get; init; }

    public required DateOnly Date { get; init; }

    public required TimeOnly Time { get; init; }

    public required TimeSpan Duration { get; init; }

    public required Uri Link { get; init; }

    public required Version Version { get; init; }

    public required byte[] Bytes { get; init; }

    public required ReadOnlyMemory<byte> Memory { get; init; }

    public required IReadOnlyList<int> List { get; init; }

    public required ImmutableArray<string> Array { get; init; }

    public required IReadOnlyDictionary<string, int> Dictionary { get; init; }

    public required IReadOnlyDictionary<int, string> ByNumber { get; init; }

    public required IReadOnlyDictionary<Day, string> ByDay { get; init; }

    public required (int Count, string Name) Tuple { get; init; }

    public required Place Place { get; init; }
}
