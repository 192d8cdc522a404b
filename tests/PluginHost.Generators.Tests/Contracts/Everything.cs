using System.Collections.Immutable;
using PluginHost.Contracts;

namespace PluginHost.Generators.Tests.Contracts;

/// <summary>Every type that can cross, echoed.</summary>
[PluginContract(Major = 2)]
public interface IEverything
{
    int Add(int a, int b = 5);

    void Nothing();

    string? Text(string? text);

    string Sure(string text);

    Numbers EchoNumbers(Numbers numbers);

    Task<Texts> EchoTextsAsync(Texts texts, CancellationToken cancellationToken);

    ValueTask<Collections> EchoCollectionsAsync(Collections collections, CancellationToken cancellationToken);

    ValueTask<Tree> EchoTreeAsync(Tree tree, CancellationToken cancellationToken);

    Task<Page<Line>?> EchoPageAsync(Page<Line>? page, CancellationToken cancellationToken);

    Odd EchoOdd(Odd odd);

    Settings EchoSettings(Settings settings);

    ValueTask<byte[]?> BytesAsync(byte[]? bytes, Memory<byte> memory, ReadOnlyMemory<byte>? readOnly, CancellationToken cancellationToken);

    IReadOnlyList<string> Names(IEnumerable<string> names, IReadOnlyDictionary<string, IReadOnlyList<int>> more);

    (int Count, string? Name) Pair((int Count, string? Name) pair);

    int? Maybe(int? value = null, Colour colour = Colour.Green, string name = "none\"\n", double ratio = 0.5, char c = 'x', decimal m = 1.5m);

    Task RunAsync(CancellationToken cancellationToken);

    ValueTask StopAsync(CancellationToken cancellationToken = default);

    [Throws<MissingException>]
    [Throws<InvalidOperationException>]
    [CallPolicy(Timeout = "00:00:02", Idempotent = true)]
    ValueTask<int> FindAsync(int id, CancellationToken cancellationToken);

    [Throws<MissingException>]
    int Get(int id);

    int Waits(int a, CancellationToken cancellationToken);

    [WireName("odd_name")]
    Task<int> Awkward(int entry, int inside, int @class, int token, CancellationToken result);

    Task<int> PlainAsync(int value) => Task.FromResult(value + 1);
}

public enum Colour : byte
{
    Red,
    Green = 7,
}

public enum Huge : ulong
{
    Zero,
    Top = ulong.MaxValue,
}

public sealed record Numbers(
    byte A, sbyte B, short C, ushort D, int E, uint F, long G, ulong H, float I, double J, decimal K, bool L, char M, Colour N, Huge O, int? P, Colour? Q, decimal? R);

public sealed record Texts(
    string Text,
    string? Maybe,
    Guid Id,
    DateTime At,
    DateTimeOffset Offset,
    TimeSpan Span,
    DateOnly Date,
    TimeOnly Time,
    Uri Address,
    Version? Version,
    DateOnly? MaybeDate = null);

public sealed record Collections
{
    public required int[] Ints { get; init; }

    public List<string?> List { get; init; } = [];

    public ImmutableArray<Line> Lines { get; init; } = [];

    public IReadOnlyList<Line> ReadOnly { get; init; } = [];

    public IReadOnlyCollection<int> Bag { get; init; } = [];

    public ICollection<int> Collection { get; init; } = [];

    public IList<Guid> Guids { get; init; } = [];

    public IEnumerable<int?> Lazy { get; init; } = [];

    public int[][]? Jagged { get; init; }

    public byte[]?[]? Blobs { get; init; }

    public Dictionary<string, int> Counts { get; init; } = [];

    public IReadOnlyDictionary<int, string>? ByNumber { get; init; }

    public IDictionary<Guid, Line?>? ByGuid { get; init; }

    public Dictionary<Colour, List<int>>? ByColour { get; init; }

    public (int, string, (bool, Line)?) Nested { get; init; } = (1, "", null);

    public Tuple<int, string?>? Reference { get; init; }
}

public sealed record Line(string Sku, int Count = 1, params string[] Tags);

public sealed record Tree(string Name, IReadOnlyList<Tree> Children);

public sealed record Page<T>(IReadOnlyList<T> Items, T? First, int Next)
{
    public bool IsLast => Next == 0;
}

public readonly record struct Point(double X, double Y);

#pragma warning disable CA1051 // a struct with a field is data as well
public struct Odd
{
    public int Field;

    public Point At { get; set; }

    public Point? Maybe { get; set; }
}

public sealed class Settings
{
    public Settings(string name) => Name = name;

    public string Name { get; }

    public int Size { get; init; } = 42;

    public string Title { get; init; } = "untitled";

    public required string Key { get; init; }
}

public sealed class MissingException(string message, int id) : Exception(message)
{
    public int Id { get; } = id;
}

public interface IBase
{
    int First(int a);
}

[PluginContract(WireName = "Child")]
public interface IDerived : IBase
{
    Task<int> SecondAsync(int b, CancellationToken cancellationToken);
}
