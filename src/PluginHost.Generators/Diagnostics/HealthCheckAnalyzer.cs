using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using PluginHost.Generators.Parsing;

namespace PluginHost.Generators.Diagnostics;

/// <summary>Reports a method marked as a health check that the host could not call, and a plugin's class with several.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class HealthCheckAnalyzer : DiagnosticAnalyzer
{
    private const string Token = "System.Threading.CancellationToken";

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [Rules.HealthCheck];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterSymbolAction(OnMethod, SymbolKind.Method);
        context.RegisterSymbolAction(OnType, SymbolKind.NamedType);
    }

    private static void OnMethod(SymbolAnalysisContext context)
    {
        IMethodSymbol method = (IMethodSymbol)context.Symbol;
        if (IsMarked(method) && WhyNot(method) is { } reason)
        {
            Report(context, method, method.Locations[0], reason);
        }
    }

    private static void OnType(SymbolAnalysisContext context)
    {
        INamedTypeSymbol type = (INamedTypeSymbol)context.Symbol;
        if (type.TypeKind != TypeKind.Class || ContractAttributes.Find(type, ContractAttributes.Plugin) is null)
        {
            return;
        }

        // Those that cannot be called are reported by themselves; what is left must be one.
        IMethodSymbol[] checks = [.. Methods(type).Where(m => IsMarked(m) && WhyNot(m) is null)];
        foreach (IMethodSymbol more in checks.Skip(1))
        {
            Location place = SymbolEqualityComparer.Default.Equals(more.ContainingType, type) ? more.Locations[0] : type.Locations[0];
            Report(context, more, place, $"is the second one, after '{checks[0].Name}': keep [HealthCheck] on one method");
        }
    }

    /// <summary>A class's methods and those that it inherits, without those that are overridden.</summary>
    private static IEnumerable<IMethodSymbol> Methods(INamedTypeSymbol type)
    {
        HashSet<ISymbol> overridden = new(SymbolEqualityComparer.Default);
        for (INamedTypeSymbol? at = type; at is not null; at = at.BaseType)
        {
            foreach (IMethodSymbol method in at.GetMembers().OfType<IMethodSymbol>())
            {
                if (method.OverriddenMethod is { } before)
                {
                    overridden.Add(before.OriginalDefinition);
                }

                if (!overridden.Contains(method.OriginalDefinition))
                {
                    yield return method;
                }
            }
        }
    }

    // The mark is inherited: an override of a health check is one.
    private static bool IsMarked(IMethodSymbol method)
    {
        for (IMethodSymbol? at = method; at is not null; at = at.OverriddenMethod)
        {
            if (ContractAttributes.Find(at, ContractAttributes.HealthCheck) is not null)
            {
                return true;
            }
        }

        return false;
    }

    private static string? WhyNot(IMethodSymbol method)
    {
        if (method.DeclaredAccessibility != Accessibility.Public || method.IsStatic)
        {
            return "is not a public method of the plugin's object: the host could not call it";
        }

        if (method.IsGenericMethod)
        {
            return "is generic: the host would not know with which types to call it";
        }

        if (method.Parameters.Length > 1 || method.Parameters.Any(p => p.RefKind != RefKind.None || NameOf(p.Type) != Token))
        {
            return "takes more than the host has to give: let it take nothing or one CancellationToken";
        }

        if (!IsResult(method.ReturnType) || method.ReturnsByRef || method.ReturnsByRefReadonly)
        {
            return $"gives '{method.ReturnType.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)}': let it give nothing, a bool, or a Task or ValueTask of these";
        }

        return method is { IsAsync: true, ReturnsVoid: true } ? "is async void, and what it throws would end the process: let it give a Task" : null;
    }

    private static bool IsResult(ITypeSymbol type) => type.SpecialType is SpecialType.System_Void or SpecialType.System_Boolean
        || (type is INamedTypeSymbol task && NameOf(task.OriginalDefinition) is "System.Threading.Tasks.Task" or "System.Threading.Tasks.ValueTask"
                or "System.Threading.Tasks.Task`1" or "System.Threading.Tasks.ValueTask`1"
            && task.TypeArguments.All(static a => a.SpecialType == SpecialType.System_Boolean));

    private static string? NameOf(ITypeSymbol type) => type is INamedTypeSymbol named ? FrameworkTypes.Metadata(named) : null;

    private static void Report(SymbolAnalysisContext context, IMethodSymbol method, Location place, string reason) =>
        context.ReportDiagnostic(Diagnostic.Create(Rules.HealthCheck, place, method.Name, reason));
}
