using Microsoft.CodeAnalysis;

namespace PluginHost.Generators.Parsing;

/// <summary>The attributes that make a contract, by name and by value.</summary>
internal static class ContractAttributes
{
    public const string Contract = Space + "PluginContractAttribute";
    public const string Generate = Space + "GenerateContractAttribute";
    public const string Plugin = Space + "PluginAttribute";
    public const string Policy = Space + "CallPolicyAttribute";
    public const string Wire = Space + "WireNameAttribute";
    public const string CallScoped = Space + "CallScopedAttribute";
    public const string PartitionKey = Space + "PartitionKeyAttribute";
    public const string HealthCheck = Space + "HealthCheckAttribute";
    public const string Throws = Space + "ThrowsAttribute`1";
    private const string Space = "PluginHost.Contracts.";

    public static bool IsContract(ISymbol symbol) => Find(symbol, Contract) is not null;

    /// <summary>True where the compiled assembly makes a contract of the interface.</summary>
    public static bool IsNamed(INamedTypeSymbol type, Compilation compilation) => FindAll(compilation.Assembly, Generate)
        .Any(a => SymbolEqualityComparer.Default.Equals(a.ConstructorArguments.FirstOrDefault().Value as ISymbol, type));

    public static AttributeData? Find(ISymbol symbol, string name) => symbol.GetAttributes().FirstOrDefault(a => Is(a, name));

    public static IEnumerable<AttributeData> FindAll(ISymbol symbol, string name) => symbol.GetAttributes().Where(a => Is(a, name));

    public static bool Is(AttributeData attribute, string name) =>
        attribute.AttributeClass is { } type && FrameworkTypes.Metadata(type) == name;

    /// <summary>A named argument's value, or null.</summary>
    public static object? Named(AttributeData? attribute, string name) =>
        attribute?.NamedArguments.FirstOrDefault(a => a.Key == name).Value.Value;

    /// <summary>Where the attribute is written.</summary>
    public static Location? Place(AttributeData? attribute) =>
        attribute?.ApplicationSyntaxReference is { } syntax ? Location.Create(syntax.SyntaxTree, syntax.Span) : null;
}
