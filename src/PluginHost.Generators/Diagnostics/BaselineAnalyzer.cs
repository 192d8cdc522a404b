using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using PluginHost.Generators.Model;
using PluginHost.Generators.Parsing;

namespace PluginHost.Generators.Diagnostics;

/// <summary>Holds an assembly's contracts against the baseline of their last release, where the project has one.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class BaselineAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => BaselineRules.All;

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationAction(OnCompilation);
    }

    private static void OnCompilation(CompilationAnalysisContext context)
    {
        foreach (AdditionalText file in context.Options.AdditionalFiles)
        {
            if (string.Equals(Path.GetFileName(file.Path), Baseline.FileName, StringComparison.OrdinalIgnoreCase)
                && file.GetText(context.CancellationToken) is { } text)
            {
                Check(context, file.Path, text);
            }
        }
    }

    private static void Check(CompilationAnalysisContext context, string path, SourceText text)
    {
        IReadOnlyList<ReleasedEntry> released = Baseline.Read(
            text.Lines.Select(l => l.ToString()),
            (line, reason) => context.ReportDiagnostic(Diagnostic.Create(BaselineRules.Unreadable, InFile(path, text, line), Path.GetFileName(path), reason)));
        Dictionary<string, (INamedTypeSymbol Symbol, AttributeData Attribute)> contracts = Contracts(context.Compilation);
        HashSet<string> said = [];
        foreach (ReleasedEntry before in released)
        {
            foreach (ReleasedFinding finding in Compare(before, contracts, context))
            {
                Location place = Place(finding, contracts, context.Compilation) ?? InFile(path, text, (finding.Before ?? before).Line);
                if (said.Add($"{finding.Rule.Id}|{place}|{string.Join("|", finding.Arguments)}"))
                {
                    context.ReportDiagnostic(Diagnostic.Create(finding.Rule, place, finding.Arguments));
                }
            }
        }
    }

    private static IEnumerable<ReleasedFinding> Compare(
        ReleasedEntry before, Dictionary<string, (INamedTypeSymbol Symbol, AttributeData Attribute)> contracts, CompilationAnalysisContext context)
    {
        if (!contracts.TryGetValue(before.Name, out (INamedTypeSymbol Symbol, AttributeData Attribute) found))
        {
            return [ReleasedComparison.Gone(before)];
        }

        // One that is no contract is reported as that.
        return ContractParser.Parse(context.Compilation, found.Symbol, found.Attribute, null, context.CancellationToken).Model is { } model
            ? ReleasedComparison.Compare(before, model)
            : [];
    }

    private static Dictionary<string, (INamedTypeSymbol Symbol, AttributeData Attribute)> Contracts(Compilation compilation)
    {
        Dictionary<string, (INamedTypeSymbol, AttributeData)> contracts = [];
        foreach (INamedTypeSymbol type in Types(compilation.Assembly.GlobalNamespace))
        {
            if (type.TypeKind == TypeKind.Interface && ContractAttributes.Find(type, ContractAttributes.Contract) is { } attribute)
            {
                contracts[Names.Metadata(type)] = (type, attribute);
            }
        }

        foreach (AttributeData attribute in ContractAttributes.FindAll(compilation.Assembly, ContractAttributes.Generate))
        {
            if (attribute.ConstructorArguments.FirstOrDefault().Value is INamedTypeSymbol { TypeKind: TypeKind.Interface } type && !contracts.ContainsKey(Names.Metadata(type)))
            {
                contracts.Add(Names.Metadata(type), (type, attribute));
            }
        }

        return contracts;
    }

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceOrTypeSymbol within) => within.GetMembers().SelectMany(m => m switch
    {
        INamespaceSymbol space => Types(space),
        INamedTypeSymbol type => Types(type).Prepend(type),
        _ => [],
    });

    /// <summary>Where the code is that no longer keeps a promise; null where it is nowhere in the source.</summary>
    private static Location? Place(
        ReleasedFinding finding, Dictionary<string, (INamedTypeSymbol Symbol, AttributeData Attribute)> contracts, Compilation compilation)
    {
        bool isContract = contracts.TryGetValue(finding.Type, out (INamedTypeSymbol Symbol, AttributeData Attribute) contract);
        INamedTypeSymbol? type = isContract ? contract.Symbol : Find(compilation, finding.Type);
        if (type is null)
        {
            return null;
        }

        ISymbol? member = finding.Member is { } name ? type.AllInterfaces.Prepend(type).SelectMany(t => t.GetMembers(name)).FirstOrDefault() : null;
        return InSource(member, compilation) ?? InSource(type, compilation) ?? (isContract ? ContractAttributes.Place(contract.Attribute) : null);
    }

    private static Location? InSource(ISymbol? symbol, Compilation compilation) =>
        symbol?.Locations.FirstOrDefault(l => l.SourceTree is { } tree && compilation.ContainsSyntaxTree(tree));

    // Written as in C#: what is nested has a dot where reflection has a plus.
    private static INamedTypeSymbol? Find(Compilation compilation, string code)
    {
        int generic = code.IndexOf('<');
        string name = generic < 0 ? code : code.Substring(0, generic);
        for (int dot = name.Length; dot > 0; dot = name.LastIndexOf('.', dot - 1))
        {
            string candidate = name.Substring(0, dot) + name.Substring(dot).Replace('.', '+');
            if (compilation.GetTypeByMetadataName(candidate) is { } type)
            {
                return type;
            }
        }

        return null;
    }

    private static Location InFile(string path, SourceText text, int line)
    {
        TextSpan span = text.Lines[line].Span;
        return Location.Create(path, span, text.Lines.GetLinePositionSpan(span));
    }
}
