using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using PluginHost.Contracts;
using PluginHost.Generators.Diagnostics;

namespace PluginHost.Generators.Tests.Support;

/// <summary>Compiles source as a contract's project would: nullable, every warning shown, documentation checked.</summary>
internal static class Compiled
{
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using PluginHost.Contracts;
        """;

    private static readonly MetadataReference[] s_references =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p).StartsWith("System.", StringComparison.Ordinal) || Path.GetFileName(p) == "netstandard.dll")
            .Select(p => MetadataReference.CreateFromFile(p)),
        MetadataReference.CreateFromFile(typeof(PluginContractAttribute).Assembly.Location),
    ];

    private static readonly CSharpParseOptions s_parse = new(LanguageVersion.CSharp13, DocumentationMode.Diagnose);

    public static CSharpCompilation Compile(string source, params MetadataReference[] more) => CSharpCompilation.Create(
        "Shop.Contracts",
        [Tree(Usings, "Usings.cs"), Tree(source, "Source.cs")],
        [.. s_references, .. more],
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    public static SyntaxTree Tree(string source, string path) => CSharpSyntaxTree.ParseText(source, s_parse, path);

    public static GeneratorDriver Driver() => CSharpGeneratorDriver.Create(
        [new ContractGenerator().AsSourceGenerator()],
        parseOptions: s_parse,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    /// <summary>The generated files by name, after checking that they compile without a warning.</summary>
    public static SortedDictionary<string, string> Generate(string source, params MetadataReference[] more)
    {
        GeneratorDriverRunResult result = Run(source, out Compilation compiled, more);
        Assert.Empty(Noise(compiled));
        return new(result.Results[0].GeneratedSources.ToDictionary(s => s.HintName, s => s.SourceText.ToString()), StringComparer.Ordinal);
    }

    public static GeneratorDriverRunResult Run(string source, out Compilation compiled, params MetadataReference[] more)
    {
        GeneratorDriver driver = Driver().RunGeneratorsAndUpdateCompilation(Compile(source, more), out compiled, out ImmutableArray<Diagnostic> thrown);
        Assert.Empty(thrown);
        return driver.GetRunResult();
    }

    /// <summary>The compiler's warnings and errors.</summary>
    public static IEnumerable<Diagnostic> Noise(Compilation compilation) => compilation.GetDiagnostics()
        .Where(d => d.Severity >= DiagnosticSeverity.Warning && d.Id != "CS1591" && !d.IsSuppressed);

    /// <summary>What the analyzers report.</summary>
    /// <param name="compilation">What is compiled.</param>
    /// <param name="baseline">The project's baseline of its last release; null for none.</param>
    public static async Task<IReadOnlyList<Diagnostic>> AnalyzeAsync(Compilation compilation, string? baseline = null)
    {
        ImmutableArray<AdditionalText> files = baseline is null ? [] : [new BaselineText(baseline)];
        ImmutableArray<Diagnostic> found = await compilation
            .WithAnalyzers([new ContractAnalyzer(), new PluginAnalyzer(), new HealthCheckAnalyzer(), new BaselineAnalyzer()], new AnalyzerOptions(files))
            .GetAnalyzerDiagnosticsAsync();
        return [.. found.OrderBy(d => d.Location.SourceSpan.Start).ThenBy(d => d.Id, StringComparer.Ordinal)];
    }

    private sealed class BaselineText(string text) : AdditionalText
    {
        public override string Path => "/shop/contracts.baseline.txt";

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text);
    }
}
