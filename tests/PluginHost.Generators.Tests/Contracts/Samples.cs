using System.Collections.Immutable;

namespace PluginHost.Generators.Tests.Contracts;

/// <summary>Values that fill every member, and values at the edges.</summary>
internal static class Samples
{
    public static Numbers Least { get; } = new(
        byte.MinValue, sbyte.MinValue, short.MinValue, ushort.MinValue, int.MinValue, uint.MinValue, long.MinValue, ulong.MinValue,
        float.MinValue, double.MinValue, decimal.MinValue, false, '\0', Colour.Red, Huge.Zero, null, null, null);

    public static Numbers Most { get; } = new(
        byte.MaxValue, sbyte.MaxValue, short.MaxValue, ushort.MaxValue, int.MaxValue, uint.MaxValue, long.MaxValue, ulong.MaxValue,
        float.NaN, double.PositiveInfinity, decimal.MaxValue, true, '\uffff', Colour.Green, Huge.Top, 1, Colour.Green, 0.10m);

    public static Texts Texts { get; } = new(
        "a\0\"ß𝄞", null, new Guid("00112233-4455-6677-8899-aabbccddeeff"), new DateTime(2024, 2, 29, 1, 2, 3, DateTimeKind.Utc),
        new DateTimeOffset(2024, 2, 29, 1, 2, 3, TimeSpan.FromHours(-3)), TimeSpan.FromTicks(-1), new DateOnly(2024, 2, 29),
        new TimeOnly(23, 59, 59, 999, 999), new Uri("https://example.com/a b?c=%20#d"), new Version(1, 2, 3, 4));

    public static Collections Full { get; } = new()
    {
        Ints = [1, 2, 3],
        List = ["a", null],
        Lines = [new Line("x", 3, "red", "blue"), new Line("y")],
        ReadOnly = [new Line("z", 0)],
        Bag = [4],
        Collection = new HashSet<int> { 5, 6 },
        Guids = [Guid.Empty],
        Lazy = Enumerable.Range(0, 3).Select(i => i == 1 ? (int?)null : i),
        Jagged = [[1], [], [2, 3]],
        Blobs = [[1, 2], null, []],
        Counts = new Dictionary<string, int> { [""] = 1, ["a.b/ü"] = 2 },
        ByNumber = new Dictionary<int, string> { [-1] = "minus", [7] = "seven" },
        ByGuid = new Dictionary<Guid, Line?> { [Guid.AllBitsSet] = null, [Guid.Empty] = new("k") },
        ByColour = new Dictionary<Colour, List<int>> { [Colour.Green] = [1, 2] },
        Nested = (1, "two", (true, new Line("n"))),
        Reference = Tuple.Create(1, (string?)null),
    };

    public static Collections Empty { get; } = new() { Ints = [], Lines = default };

    public static Tree Tree { get; } = new("root", [new Tree("left", []), new Tree("right", [new Tree("leaf", [])])]);
}
