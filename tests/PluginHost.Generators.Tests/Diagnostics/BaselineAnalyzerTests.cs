using System.Globalization;
using Microsoft.CodeAnalysis;
using PluginHost.Generators.Tests.Support;

namespace PluginHost.Generators.Tests.Diagnostics;

/// <summary>What a minor release may change and what it may not: a rich contract as released, changed in one place each.</summary>
public sealed class BaselineAnalyzerTests
{
    private const string Released = """
        [PluginContract(Major = 2)]
        public interface IShop : IReader
        {
            [Throws<GoneException>]
            [CallPolicy(Idempotent = true, Timeout = "00:00:05")]
            ValueTask<Order?> FindAsync(int id, string note = "none", CancellationToken cancellationToken = default);
            void Put(Order order, Dictionary<string, Line[]> lines);
            void Lend(IHelper helper, [PartitionKey] int shelf);
            IAsyncEnumerable<Line> Watch(CancellationToken cancellationToken);
            int Count() => 0; } public interface IReader { string Read(int id); }
        [PluginContract] public interface IHelper { int Help(int a); }
        public sealed record Order(int Id, IReadOnlyList<Line> Lines, State State = State.Open) { public string Note { get; init; } = ""; }
        public readonly record struct Line(string Sku, byte Count, decimal? Price);
        public enum State { Open, Done }
        public sealed class GoneException(string message, int id) : Exception(message) { public int Id { get; } = id; }
        """;

    [Fact]
    public async Task What_the_generator_wrote_is_a_baseline_that_the_same_code_keeps()
    {
        Assert.Contains("contract | IShop | 2 | Shop", Written(), StringComparison.Ordinal);
        Assert.Empty(await FindAsync(Released));
    }

    [Theory]
    [InlineData("int Count() => 0;", "int Count() => 0; int More(Order order) => 1;")]
    [InlineData("int Count() => 0; } public interface IReader {", "int Count() => 0; int IReader.Inherited() => 1; } public interface IReader { int Inherited();")]
    [InlineData("string Note { get; init; } = \"\";", "string Note { get; init; } = \"\"; public int? Rank { get; init; }")]
    [InlineData("State { Open, Done }", "State { Open, Done, Held }")]
    [InlineData("[Throws<GoneException>]", "[Throws<GoneException>, Throws<TimeoutException>]")]
    [InlineData("Timeout = \"00:00:05\"", "Timeout = \"00:00:09\"")]
    [InlineData("(Major = 2)", "(Major = 3)")]
    [InlineData("(int id, string note = \"none\",", "(int id, string note = \"other\",")]
    [InlineData("int Help(int a); }", "int Help(int a); } [PluginContract] public interface IMore { int More(); }")]
    public async Task What_nobody_built_before_can_notice_is_allowed(string old, string changed) => Assert.Empty(await FindAsync(Changed(old, changed)));

    [Fact]
    public async Task Of_a_higher_major_version_nothing_is_checked() =>
        Assert.Empty(await FindAsync(Changed("(Major = 2)", "(Major = 3)").Replace("void Put(", "int Put(", StringComparison.Ordinal)));

    [Theory]
    [InlineData("(Major = 2)", "(Major = 1)", "PH0031", "The released contract 'IShop' has the major version 1, and was released as 2: a major version only grows")]
    [InlineData("(Major = 2)", "(Major = 2, WireName = \"Store\")", "PH0031", "The released contract 'IShop' is called 'Store' on the wire, and was released as 'Shop'")]
    [InlineData("void Put(Order order, Dictionary<string, Line[]> lines);", "", "PH0032", "The released method 'Put' is gone from IShop: applications and plugins built before call it or are called by it")]
    [InlineData("void Put(Order order, Dictionary", "void Put(Order first, Dictionary", "PH0032", "takes (Order first, System.Collections.Generic.Dictionary<string, Line[]> lines), and took (Order order, System.")]
    [InlineData("void Put(", "int Put(", "PH0032", "The released method 'Put' gives 'int', and gave 'void'")]
    [InlineData("ValueTask<Order?>", "ValueTask<Order>", "PH0032", "The released method 'FindAsync' gives 'System.Threading.Tasks.ValueTask<Order>', and gave 'System.Threading.Tasks.ValueTask<Order?>'")]
    [InlineData("void Put(", "[WireName(\"Store\")] void Put(", "PH0032", "The released method 'Put' is called 'Store' on the wire, and was 'Put'")]
    [InlineData("(int id, string note = \"none\",", "(int id, string note,", "PH0032", "The released method 'FindAsync' needs 'note', which callers could leave out")]
    [InlineData("int Count() => 0;", "int Count() => 0; string Read2(int id); ", "PH0033", "'Read2' is added to the released contract 'IShop' without a body: plugins built before could not be loaded; give it a body, or put it into a new interface")]
    [InlineData("interface IReader {", "interface IReader { int Inherited(); ", "PH0033", "'Inherited' is added to the released contract 'IShop' without a body")]
    [InlineData("record Order(int Id, IReadOnlyList<Line> Lines, State State = State.Open)", "record Order(int Id, IReadOnlyList<Line> Lines)", "PH0034", "The released type 'Order' has no constructor (int, System.Collections.Generic.IReadOnlyList<Line>, State) any more, which applications and plugins built before call")]
    [InlineData("byte Count", "int Count", "PH0034", "The released type 'Line' has 'Count' of the type 'int', and it was 'byte'")]
    [InlineData("decimal? Price", "decimal Price", "PH0034", "The released type 'Line' has 'Price' of the type 'decimal', and it was 'decimal?'")]
    [InlineData("State State = State.Open)", "State State)", "PH0034", "The released type 'Order' needs 'State', which messages could leave out")]
    [InlineData("string Note { get; init; } = \"\";", "string Note { get; init; } = \"\"; public required int Rank { get; init; }", "PH0034", "needs 'Rank', which it did not have")]
    [InlineData("public string Note { get; init; } = \"\";", "", "PH0034", "The released type 'Order' has no 'Note' any more")]
    [InlineData("readonly record struct Line", "sealed record Line", "PH0034", "The released type 'Line' is a class, and was a struct")]
    [InlineData("State { Open, Done }", "State { Done, Open }", "PH0034", "The released type 'State' gives 'Open' the number 1, and it was 0")]
    [InlineData("State { Open, Done }", "State { Open }", "PH0034", "The released type 'State' has no 'Done' any more")]
    [InlineData("enum State {", "enum State : byte {", "PH0034", "The released type 'State' is an enum of byte, and was of int")]
    [InlineData("GoneException(string message, int id) : Exception(message) { public int Id", "GoneException(string message, long id) : Exception(message) { public long Id", "PH0034", "The released type 'GoneException' has no constructor (string, int) any more")]
    [InlineData("Idempotent = true, ", "", "PH0035", "The released method 'FindAsync' is not idempotent any more")]
    [InlineData("void Put(", "[CallPolicy(Idempotent = true)] void Put(", "PH0035", "The released method 'Put' is idempotent, and was not: a lost call would be sent again to plugins that never agreed to that")]
    [InlineData("[Throws<GoneException>]", "", "PH0035", "The released method 'FindAsync' does not declare GoneException any more")]
    [InlineData("void Lend(IHelper helper", "void Lend([CallScoped] IHelper helper", "PH0035", "The released method 'Lend' lends 'helper' for the call only ([CallScoped]), and gave it for longer")]
    public async Task What_breaks_those_built_before_is_reported_with_both_sides(string old, string changed, string id, string expected)
    {
        IReadOnlyList<Diagnostic> found = await FindAsync(Changed(old, changed));

        Assert.Contains(found, d => d.Id == id && d.GetMessage(CultureInfo.InvariantCulture).Contains(expected, StringComparison.Ordinal));
        Assert.All(found, d => Assert.Equal(DiagnosticSeverity.Error, d.Severity));
        Assert.All(found, d => Assert.Equal("Source.cs", d.Location.GetLineSpan().Path));
    }

    [Fact]
    public async Task A_contract_that_is_gone_is_reported_where_the_baseline_has_it()
    {
        Diagnostic found = Assert.Single(await FindAsync(Released.Replace("[PluginContract] public interface IHelper", "[PluginContract] public interface IAider", StringComparison.Ordinal)
            .Replace("Lend(IHelper", "Lend(IAider", StringComparison.Ordinal)), d => d.Id == "PH0031");

        FileLinePositionSpan place = found.Location.GetLineSpan();
        Assert.Equal("/shop/contracts.baseline.txt", place.Path);
        Assert.StartsWith("// contract | IHelper", Written().Split('\n')[place.StartLinePosition.Line], StringComparison.Ordinal);
        Assert.StartsWith("The released contract 'IHelper' is gone", found.GetMessage(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("contract | IShop | 2", "'contract' has 2 field(s), and needs 3")]
    [InlineData("what is this", "'what is this' is no word of a baseline")]
    [InlineData("parameter | a | int | required | value", "'parameter' stands below nothing that it could belong to")]
    [InlineData("member | a | int | required", "'member' stands below nothing that it could belong to")]
    public async Task A_line_that_cannot_be_read_is_reported_and_the_rest_is_read(string line, string expected)
    {
        IReadOnlyList<Diagnostic> found = await Compiled.AnalyzeAsync(
            Compiled.Compile("[PluginContract] public interface IHelper { int Help(int a, int b); }"),
            $"{line}\ncontract | IHelper | 1 | Helper\n  method | Help | IHelper | Helper.Help | int | once\n");

        Assert.Equal(["PH0030", "PH0032"], found.Select(d => d.Id).Order());
        Assert.Equal($"This line of contracts.baseline.txt cannot be read: {expected}", found.Single(d => d.Id == "PH0030").GetMessage(CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task A_contract_that_the_application_does_not_own_is_held_against_the_baseline_too()
    {
        const string Named = "[assembly: GenerateContract(typeof(Third.ISpell))]";
        MetadataReference before = Compiled.Compile("namespace Third; public interface ISpell { int Check(string text); }").WithAssemblyName("Third").ToMetadataReference();
        MetadataReference after = Compiled.Compile("namespace Third; public interface ISpell { int Check(string text); int Add(string word); }").WithAssemblyName("Third").ToMetadataReference();
        string baseline = Compiled.Generate(Named, before)["ContractBaseline.g.cs"];

        Diagnostic found = Assert.Single(await Compiled.AnalyzeAsync(Compiled.Compile(Named, after), baseline), d => d.Severity == DiagnosticSeverity.Error);

        Assert.Equal(("PH0033", 0), (found.Id, found.Location.GetLineSpan().StartLinePosition.Line));
    }

    private static string Written() => Compiled.Generate(Released)["ContractBaseline.g.cs"];

    private static string Changed(string old, string changed)
    {
        Assert.Contains(old, Released, StringComparison.Ordinal);
        return Released.Replace(old, changed, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<Diagnostic>> FindAsync(string source) =>
        [.. (await Compiled.AnalyzeAsync(Compiled.Compile(source), Written())).Where(d => d.Severity > DiagnosticSeverity.Info && d.Id != "PH0012")];
}
