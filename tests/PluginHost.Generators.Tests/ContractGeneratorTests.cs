using Microsoft.CodeAnalysis;
using PluginHost.Generators.Tests.Support;

namespace PluginHost.Generators.Tests;

/// <summary>The generator's whole output, and that it does no work for an edit that does not concern it.</summary>
/// <remarks>Set PLUGINHOST_UPDATE_SNAPSHOTS=1 and run the tests to accept what is generated now; then read the difference.</remarks>
public sealed class ContractGeneratorTests
{
    private const string Shop = """
        namespace Shop;

        /// <summary>A shop.</summary>
        [PluginContract(Major = 3)]
        public interface IShop
        {
            /// <summary>Adds.</summary>
            int Add(int a, int b);

            /// <summary>Finds.</summary>
            [Throws<NotFoundException>]
            [CallPolicy(Timeout = "00:00:05", Idempotent = true)]
            ValueTask<Order?> FindAsync(int id, CancellationToken cancellationToken);

            /// <summary>Stores.</summary>
            Task PutAsync(Order order, string note = "none", CancellationToken cancellationToken = default);
        }

        /// <summary>An order.</summary>
        public sealed record Order(int Id, IReadOnlyList<Line> Lines, State State = State.Open)
        {
            /// <summary>A note.</summary>
            public string Note { get; init; } = "";
        }

        /// <summary>A line.</summary>
        public readonly record struct Line(string Sku, byte Count, decimal? Price);

        /// <summary>A state.</summary>
        public enum State
        {
            /// <summary>Open.</summary>
            Open,

            /// <summary>Done.</summary>
            Done,
        }

        /// <summary>Nothing of that id.</summary>
        public sealed class NotFoundException(string message, int id) : Exception(message)
        {
            /// <summary>The id.</summary>
            public int Id { get; } = id;
        }
        """;

    [Fact]
    public void A_rich_contract_gives_the_accepted_text() => Compare("Shop", Compiled.Generate(Shop));

    [Fact]
    public void An_inherited_contract_gives_the_accepted_text() => Compare("Inherited", Compiled.Generate("""
        public interface IReader
        {
            string Read(int id);
        }

        public static class Outer
        {
            [PluginContract]
            internal interface IStore : IReader
            {
                [WireName("write")]
                ValueTask WriteAsync(int id, string? text, CancellationToken cancellationToken);
            }
        }
        """));

    [Fact]
    public void A_contract_that_the_application_does_not_own_gives_the_accepted_text()
    {
        MetadataReference third = Compiled.Compile("namespace Third; public interface ISpell { Task<string[]> CheckAsync(string text); }")
            .WithAssemblyName("Third").ToMetadataReference();

        Compare("Third", Compiled.Generate("[assembly: GenerateContract(typeof(Third.ISpell), Major = 2, WireName = \"Spelling\")]", third));
    }

    [Fact]
    public void A_contract_with_progress_sequences_and_objects_gives_the_accepted_text()
    {
        MetadataReference third = Compiled.Compile("namespace Third; [PluginContract] public interface ISpell { int Check(string text); } public interface IPlain { int Get(); }")
            .WithAssemblyName("Third").ToMetadataReference();

        Compare("Leases", Compiled.Generate(
            """
            [assembly: GenerateContract(typeof(Third.IPlain))]
            [PluginContract]
            public interface ISpeller : IAsyncDisposable
            {
                IAsyncEnumerable<IReadOnlyList<string>> Words(string text, Third.ISpell? spell, CancellationToken token);
                Task<IAsyncEnumerable<int?>?> CountsAsync(IAsyncEnumerable<string?> lines, IProgress<double>? progress, CancellationToken cancellationToken);
                ISpeller? Next([CallScoped] Third.IPlain plain);
                ValueTask<Third.ISpell> SpellAsync(CancellationToken cancellationToken);
                int Count(string text, [PartitionKey] byte shelf);
                string Find([PartitionKey] string? shelf);
            }
            """,
            third));
    }

    [Fact]
    public void An_edit_elsewhere_runs_no_emitting_step()
    {
        Compilation before = Compiled.Compile(Shop + "\n[PluginContract] public interface ISecond { int Get(int id); }");
        GeneratorDriver driver = Compiled.Driver().RunGenerators(before);

        Compilation after = before.AddSyntaxTrees(Compiled.Tree("internal static class Elsewhere { public static int X => 1; }", "New.cs"));
        GeneratorRunResult result = driver.RunGenerators(after).GetRunResult().Results[0];

        foreach (string step in (string[])[ContractGenerator.MarkedStep, ContractGenerator.AllStep])
        {
            Assert.All(result.TrackedSteps[step].SelectMany(s => s.Outputs), o => Assert.True(o.Reason is IncrementalStepRunReason.Unchanged or IncrementalStepRunReason.Cached));
        }

        Assert.NotEmpty(result.TrackedOutputSteps);
        Assert.All(result.TrackedOutputSteps.SelectMany(s => s.Value).SelectMany(s => s.Outputs), o => Assert.Equal(IncrementalStepRunReason.Cached, o.Reason));
    }

    [Fact]
    public void An_edit_of_one_contract_leaves_the_text_of_another_alone()
    {
        Compilation before = Compiled.Compile(Shop);
        SyntaxTree second = Compiled.Tree("[PluginContract] public interface ISecond { int Get(int id); }", "Second.cs");
        before = before.AddSyntaxTrees(second);
        GeneratorDriver driver = Compiled.Driver().RunGenerators(before);

        Compilation after = before.ReplaceSyntaxTree(second, Compiled.Tree("[PluginContract] public interface ISecond { int Get(long id); }", "Second.cs"));
        GeneratorRunResult result = driver.RunGenerators(after).GetRunResult().Results[0];

        IncrementalStepRunReason[] reasons = [.. result.TrackedSteps[ContractGenerator.MarkedStep].SelectMany(s => s.Outputs).Select(o => o.Reason)];
        Assert.Equal([IncrementalStepRunReason.Cached, IncrementalStepRunReason.Modified], reasons);
    }

    [Fact]
    public void A_contract_marked_and_named_in_one_assembly_is_generated_once()
    {
        SortedDictionary<string, string> files = Compiled.Generate("[assembly: GenerateContract(typeof(ITwice))]\n[PluginContract] public interface ITwice { int Get(int id); }");

        Assert.Equal(["ContractBaseline.g.cs", "ContractValues.g.cs", "ITwice.g.cs"], files.Keys);
    }

    [Fact]
    public void A_contract_with_an_error_leaves_the_others_alone()
    {
        GeneratorDriverRunResult result = Compiled.Run("[PluginContract] public interface IBad { int P { get; } }\n[PluginContract] public interface IGood { int Get(); }", out _);

        Assert.Equal(["ContractBaseline.g.cs", "ContractValues.g.cs", "IGood.g.cs"], result.Results[0].GeneratedSources.Select(s => s.HintName).Order());
    }

    [Fact]
    public void Names_that_are_keywords_or_meet_each_other_compile()
    {
        SortedDictionary<string, string> files = Compiled.Generate("""
            namespace My.@event.@class
            {
                [PluginContract]
                public interface IFoo
                {
                    Task<@record> BarBazAsync(@record @namespace, int Enter, int Inside, int Site, CancellationToken @this);
                    void @void(int entry, int thrown, int pending, int reply, int scope, int found, int reader);
                    int Enter(); int Target(); int Leave(); int Contract(); Task Awaited(); string ToString(); int Method(); int Find();
                }

                [PluginContract]
                public interface IFooBar { Task<int> BazAsync(int more, int name, CancellationToken token); }

                public sealed record @record(int @class, int reader, int scope, int name) { public required int @event { get; init; } public int has0 { get; init; } }
            }
            """);

        Assert.Equal(4, files.Count);
    }

    [Fact]
    public void Errors_of_the_framework_are_rebuilt_without_saying_anything_twice()
    {
        string text = Compiled.Generate("""
            [PluginContract]
            public interface IStrict
            {
                [Throws<ArgumentException>, Throws<ArgumentNullException>, Throws<ArgumentOutOfRangeException>, Throws<KeyNotFoundException>, Throws<TimeoutException>]
                int Get(int id);
            }
            """)["IStrict.g.cs"];

        Assert.Contains("new global::System.ArgumentException(thrown.@Message);", text);
        Assert.Contains("new global::System.ArgumentOutOfRangeException(thrown.@ParamName);", text);
        Assert.True(text.IndexOf("is global::System.ArgumentNullException", StringComparison.Ordinal) < text.IndexOf("is global::System.ArgumentException", StringComparison.Ordinal));
    }

    [Fact]
    public void Types_without_annotations_and_obsolete_ones_compile_without_a_warning()
    {
        SortedDictionary<string, string> files = Compiled.Generate("""
            #nullable disable
            [PluginContract]
            public interface IOld
            {
                [Obsolete] string Get(List<string> names, Old old);
                [Obsolete] Task<Old> FindAsync(Dictionary<string, Old> all, string[][] more);
            }
            [Obsolete] public sealed class Old { public string Name { get; init; } public Old Next { get; init; } }
            """);

        Assert.Equal(3, files.Count);
    }

    private static void Compare(string name, SortedDictionary<string, string> files)
    {
        bool update = Environment.GetEnvironmentVariable("PLUGINHOST_UPDATE_SNAPSHOTS") == "1";
        string folder = Path.Combine(Repository.Snapshots, name);
        if (update)
        {
            Directory.CreateDirectory(folder);
            Array.ForEach(Directory.GetFiles(folder), File.Delete);
        }

        foreach ((string file, string text) in files)
        {
            string path = Path.Combine(folder, file);
            if (update)
            {
                File.WriteAllText(path, text);
            }

            Assert.True(File.Exists(path), $"{path} is missing: accept it with PLUGINHOST_UPDATE_SNAPSHOTS=1.");
            Assert.Equal(File.ReadAllText(path).Split('\n'), text.Split('\n'));
        }

        Assert.Equal(files.Keys, Directory.GetFiles(folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
    }
}
