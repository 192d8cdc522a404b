using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using PluginHost.Generators.Parsing;

namespace PluginHost.Generators.Diagnostics;

/// <summary>Reports what keeps an interface from being a contract: the same findings for which the generator emits nothing.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ContractAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => Rules.Contract;

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterSymbolAction(OnType, SymbolKind.NamedType);
        context.RegisterSyntaxNodeAction(OnAttribute, SyntaxKind.Attribute);
    }

    private static void OnType(SymbolAnalysisContext context)
    {
        INamedTypeSymbol type = (INamedTypeSymbol)context.Symbol;
        if (type.TypeKind == TypeKind.Interface && ContractAttributes.Find(type, ContractAttributes.Contract) is { } attribute)
        {
            Report(ContractParser.Parse(context.Compilation, type, attribute, null, context.CancellationToken).Problems, context.ReportDiagnostic);
        }
    }

    private static void OnAttribute(SyntaxNodeAnalysisContext context)
    {
        if (context.Node.Parent is not AttributeListSyntax { Target.Identifier.RawKind: (int)SyntaxKind.AssemblyKeyword })
        {
            return;
        }

        AttributeData? attribute = ContractAttributes.FindAll(context.Compilation.Assembly, ContractAttributes.Generate)
            .FirstOrDefault(a => a.ApplicationSyntaxReference is { } s && s.SyntaxTree == context.Node.SyntaxTree && s.Span == context.Node.Span);
        if (attribute?.ConstructorArguments.FirstOrDefault().Value is INamedTypeSymbol { TypeKind: not TypeKind.Error } contract)
        {
            Report(
                ContractParser.Parse(context.Compilation, contract, attribute, context.Node.GetLocation(), context.CancellationToken).Problems,
                context.ReportDiagnostic);
        }
    }

    private static void Report(IEnumerable<Problem> problems, Action<Diagnostic> report)
    {
        foreach (Problem problem in problems)
        {
            report(Diagnostic.Create(Rules.For(problem.Kind), problem.Location, problem.Arguments));
        }
    }
}
