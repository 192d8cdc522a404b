using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using PluginHost.Generators.Parsing;

namespace PluginHost.Generators.Diagnostics;

/// <summary>Reports a class marked as a plugin that a host could not create or would have no use for.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class PluginAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [Rules.PluginClass];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterSymbolAction(OnType, SymbolKind.NamedType);
    }

    private static void OnType(SymbolAnalysisContext context)
    {
        INamedTypeSymbol type = (INamedTypeSymbol)context.Symbol;
        if (type.TypeKind == TypeKind.Class && ContractAttributes.Find(type, ContractAttributes.Plugin) is not null && WhyNot(type) is { } reason)
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.PluginClass, type.Locations[0], type.Name, reason));
        }
    }

    private static string? WhyNot(INamedTypeSymbol type)
    {
        if (type.IsAbstract || type.IsStatic)
        {
            return "is abstract or static: the host must be able to create it";
        }

        for (INamedTypeSymbol? outer = type; outer is not null; outer = outer.ContainingType)
        {
            if (outer.IsGenericType)
            {
                return "is generic: the host does not know which type to create";
            }
        }

        if (!type.InstanceConstructors.Any(IsFitting))
        {
            return "has no public constructor that takes nothing or one IPluginContext";
        }

        return type.AllInterfaces.Any(CanBeContract) ? null : "implements no contract: implement an interface marked [PluginContract]";
    }

    private static bool IsFitting(IMethodSymbol constructor) =>
        constructor.DeclaredAccessibility == Accessibility.Public
        && (constructor.Parameters.Length == 0
            || (constructor.Parameters.Length == 1
                && constructor.Parameters[0].Type is INamedTypeSymbol named
                && FrameworkTypes.Metadata(named) == "PluginHost.Contracts.IPluginContext"));

    // An interface without the mark may be a contract all the same: the application can name it with [assembly: GenerateContract].
    private static bool CanBeContract(INamedTypeSymbol type)
    {
        if (ContractAttributes.IsContract(type))
        {
            return true;
        }

        string name = FrameworkTypes.Metadata(type);
        return !name.StartsWith("System.", StringComparison.Ordinal) && name != "PluginHost.Contracts.IAsyncStartable";
    }
}
