using Microsoft.CodeAnalysis;
using PluginHost.Generators.Tests.Support;

namespace PluginHost.Generators.Tests.Diagnostics;

/// <summary>What the pages' samples do not show: messages, several findings at once, and contracts that the application does not own.</summary>
public sealed class ContractAnalyzerTests
{
    [Theory]
    [InlineData("void Put(Order order);", "'Order.Lines[].Tag' has the type 'object', which cannot cross to a plugin.")]
    [InlineData("Task<Dictionary<string, (int, Order)>> GetAsync(CancellationToken ct);", "'the result of GetAsync[].Item2.Lines[].Tag' has the type 'object'")]
    [InlineData("void Put(Dictionary<double, int> numbers);", "'numbers.Keys' has the type 'double'")]
    [InlineData("void Put(Exception e);", "Declare exceptions with [Throws<T>]")]
    [InlineData("void Put(Action done);", "'done' has the type 'Action'")]
    [InlineData("void Put(int[,] grid);", "'grid' has the type 'int[,]'")]
    [InlineData("void Put(Type type);", "'type' has the type 'Type'")]
    [InlineData("unsafe void Put(int* pointer);", "'pointer' has the type 'int*'")]
    [InlineData("void Put(ReadOnlySpan<byte> bytes);", "'bytes' has the type 'ReadOnlySpan<byte>'")]
    [InlineData("void Put(Names names);", "It is a collection of its own kind")]
    [InlineData("void Put(Tuple<int, Dictionary<int, object[]>> deep);", "'deep.Item2[][]' has the type 'object'")]
    [InlineData("void Put(dynamic anything);", "'anything' has the type 'dynamic'")]
    [InlineData("void Put(List<CancellationToken> tokens);", "'tokens[]' has the type 'CancellationToken'")]
    public async Task A_type_that_cannot_cross_is_named_with_its_way(string method, string expected)
    {
        Diagnostic found = Assert.Single(await FindAsync(Order + $"[PluginContract] public interface IOrders {{ {method} }}"), d => d.Id == "PH0006");

        Assert.Contains(expected, found.GetMessage(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("IProgress<int> Report();", "PH0017")]
    [InlineData("Task<IProgress<int>> ReportAsync(CancellationToken ct);", "PH0017")]
    [InlineData("IAsyncEnumerable<int>? Maybe(CancellationToken ct);", "PH0017")]
    [InlineData("Task<IAsyncEnumerable<IAsyncEnumerable<int>>> Nested(CancellationToken ct);", "PH0021")]
    [InlineData("void Put(IProgress<IHolder> progress);", "PH0021")]
    [InlineData("void Put((int, IHolder) pair);", "PH0021")]
    [InlineData("IAsyncEnumerable<int> Watch(IAsyncEnumerable<int> others, CancellationToken ct);", "PH0022")]
    [InlineData("IAsyncEnumerable<int> Watch([CallScoped] IHolder holder, CancellationToken ct);", "PH0022")]
    [InlineData("IAsyncEnumerable<int> Watch(IHolder holder, CancellationToken ct);", null)]
    [InlineData("Task<IAsyncEnumerable<int>> WatchAsync(IProgress<int> progress, CancellationToken ct);", null)]
    [InlineData("[CallPolicy(Idempotent = true)] IHolder Self();", "PH0020")]
    [InlineData("[CallPolicy(Idempotent = true)] IAsyncEnumerable<int> Watch(CancellationToken ct);", "PH0020")]
    [InlineData("[CallPolicy(Idempotent = true)] void Put(IHolder? holder);", "PH0020")]
    public async Task What_stays_with_its_owner_stands_only_where_its_life_is_clear(string method, string? id)
    {
        IEnumerable<string> found = (await FindAsync($"[PluginContract] public interface IHolder {{ {method} }}")).Select(d => d.Id).Where(i => i != "PH0014");

        Assert.Equal(id is null ? [] : [id], found);
    }

    [Theory]
    [InlineData("void Put([PartitionKey] string? key);", null)]
    [InlineData("Task PutAsync(string text, [PartitionKey] System.DayOfWeek day, CancellationToken ct);", null)]
    [InlineData("void Put([PartitionKey] ulong key, byte other);", null)]
    [InlineData("void Put([PartitionKey] int? key);", "The partition key 'key' of 'Put' has the type 'int?': use a whole number, char, string, Guid or an enum")]
    [InlineData("void Put([PartitionKey] byte[] key);", "The partition key 'key' of 'Put' has the type 'byte[]'")]
    [InlineData("void Put([PartitionKey] bool key);", "The partition key 'key' of 'Put' has the type 'bool'")]
    [InlineData("Task PutAsync([PartitionKey] CancellationToken ct);", "The partition key 'ct' of 'PutAsync' has the type 'CancellationToken'")]
    [InlineData("void Put([PartitionKey] string a, int b, [PartitionKey] Guid c);", "The partition key 'c' of 'Put' is the second one, after 'a'")]
    public async Task A_partition_key_is_one_value_that_has_a_number(string method, string? expected)
    {
        IReadOnlyList<Diagnostic> found = await FindAsync($"[PluginContract] public interface IKeyed {{ {method} }}");

        Assert.Equal(expected is null ? [] : ["PH0023"], found.Select(d => d.Id));
        Assert.All(found, d => Assert.StartsWith(expected!, d.GetMessage(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal));
    }

    [Fact]
    public async Task All_problems_of_a_contract_are_reported_at_once()
    {
        IReadOnlyList<Diagnostic> found = await FindAsync("""
            [PluginContract(Major = 0, WireName = "a/b")]
            public interface IBad
            {
                static abstract int Count();
                void A(ref int a, in int b, out int c);
                void A(CancellationToken one, CancellationToken two);
                ValueTask<Task<int>> B();
                ref int C();
                [WireName("$x")] void D<T>(T value);
                [WireName("e")] void E1();
                [WireName("e")] void E2();
                [Throws<AggregateException>, CallPolicy(Timeout = "-00:00:01")] int F();
                internal void G();
                void H(MemoryStream other);
                void I(Odd odd);
            }
            public struct Odd { public readonly int Lost; public int Kept { get; set; } }
            """);

        string[] expected =
        [
            "PH0002", "PH0003", "PH0004", "PH0004", "PH0004", "PH0005", "PH0005", "PH0009", "PH0010", "PH0013", "PH0016", "PH0017", "PH0017", "PH0018", "PH0019",
        ];
        Assert.Equal(expected, found.Select(d => d.Id).Order());
    }

    [Fact]
    public async Task A_type_that_the_compiler_does_not_know_is_left_to_the_compiler()
    {
        const string Source = "[PluginContract] public interface IBad { void Put(List<Missing> missing); [Throws<Gone>] int Get(); }";

        Assert.Empty(await FindAsync(Source));
        Assert.Empty(Compiled.Run(Source, out _).GeneratedTrees);
    }

    [Theory]
    [InlineData("public struct Hidden(int value) { private readonly int _value = value; public override string ToString() => _value.ToString(); }", "PH0018")]
    [InlineData("public sealed class Hidden { private int _value; public int Next() => _value++; }", "PH0018")]
    [InlineData("public sealed class Hidden { public int Value { get; private set; } }", "PH0018")]
    [InlineData("public sealed record Hidden(int A) { public int a { get; init; } }", "PH0018")]
    [InlineData("public sealed class Hidden { public int Value; }", "PH0007")]
    [InlineData("public abstract record Hidden(int A);", "PH0007")]
    [InlineData("public sealed record Hidden;", null)]
    [InlineData("public sealed record Hidden(int A) { public int Twice => A * 2; public static int Count { get; set; } internal int Cache { get; set; } }", null)]
    public async Task Data_that_would_lose_a_value_or_share_one_is_refused(string type, string? id)
    {
        IReadOnlyList<Diagnostic> found = await FindAsync(type + "\n[PluginContract] public interface IHolder { void Put(Hidden hidden); }");

        Assert.Equal(id is null ? [] : [id], found.Select(d => d.Id));
    }

    [Fact]
    public async Task A_contract_of_another_assembly_is_reported_at_the_attribute_that_names_it()
    {
        MetadataReference other = Compiled.Compile("public record Open(int A); public interface IThird { void Put(Open open); int P { get; } }").ToMetadataReference();

        Compilation compilation = Compiled.Compile("[assembly: GenerateContract(typeof(IThird))]\n[assembly: GenerateContract(typeof(Open))]", other);
        IReadOnlyList<Diagnostic> found = await Compiled.AnalyzeAsync(compilation);

        Assert.Equal(["PH0005@0", "PH0007@0", "PH0001@1"], found.Select(d => $"{d.Id}@{d.Location.GetLineSpan().StartLinePosition.Line}"));
    }

    private const string Order = "public sealed record Line(object Tag); public sealed record Order(List<Line> Lines); public sealed class Names : List<string>;\n";

    private static async Task<IReadOnlyList<Diagnostic>> FindAsync(string source) =>
        [.. (await Compiled.AnalyzeAsync(Compiled.Compile(source))).Where(d => d.Severity > DiagnosticSeverity.Info)];
}
