using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace PluginHost.Generators.Parsing;

/// <summary>Names as C#, the wire and people write them.</summary>
internal static class Names
{
    private static readonly SymbolDisplayFormat s_plain = new(typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    /// <summary>A type in C#, fully qualified, with its nullable annotations and tuple names.</summary>
    public static SymbolDisplayFormat Qualified { get; } = SymbolDisplayFormat.FullyQualifiedFormat
        .AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>A type as people write it.</summary>
    public static string Display(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);

    /// <summary>The types of a method's parameters in C#, in parentheses; what only the compiler knows of them is left out.</summary>
    public static string Parameters(IMethodSymbol method) =>
        "(" + string.Join(", ", method.Parameters.Select(p => p.Type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat))) + ")";

    /// <summary>A name in camel case, by the rule of System.Text.Json.</summary>
    public static string Camel(string name)
    {
        char[] letters = name.ToCharArray();
        for (int i = 0; i < letters.Length; i++)
        {
            bool endsRun = i > 0 && i + 1 < letters.Length && !char.IsUpper(letters[i + 1]);
            if (!char.IsUpper(letters[i]) || endsRun)
            {
                break;
            }

            letters[i] = char.ToLowerInvariant(letters[i]);
        }

        return new string(letters);
    }

    /// <summary>An interface's name without its leading I.</summary>
    public static string WithoutI(string name) =>
        name.Length > 1 && name[0] == 'I' && char.IsUpper(name[1]) ? name.Substring(1) : name;

    /// <summary>
    /// The stem of a contract's generated types. Nested interfaces take their outer types' names along, so that two of the same name do not meet in
    /// the generated namespace.
    /// </summary>
    public static string Stem(INamedTypeSymbol contract)
    {
        string stem = WithoutI(contract.Name);
        for (INamedTypeSymbol? outer = contract.ContainingType; outer is not null; outer = outer.ContainingType)
        {
            stem = outer.Name + "_" + stem;
        }

        return stem;
    }

    /// <summary>The namespace of a contract's generated types.</summary>
    public static string GeneratedSpace(string space) => space.Length == 0 ? "Generated" : space + ".Generated";

    /// <summary>The namespace that a type is in; empty for none.</summary>
    public static string Space(INamedTypeSymbol type) =>
        type.ContainingNamespace.IsGlobalNamespace ? string.Empty : type.ContainingNamespace.ToDisplayString();

    /// <summary>A method's name without a trailing Async.</summary>
    public static string WithoutAsync(string name) =>
        name.Length > 5 && name.EndsWith("Async", StringComparison.Ordinal) ? name.Substring(0, name.Length - 5) : name;

    /// <summary>An identifier that C# accepts where the name is a keyword.</summary>
    public static string Escape(string name) =>
        SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None || SyntaxFacts.GetContextualKeywordKind(name) != SyntaxKind.None ? "@" + name : name;

    /// <summary>An identifier made of any text; different texts that people write give different identifiers.</summary>
    public static string Identifier(string text)
    {
        StringBuilder identifier = new();
        foreach (char c in text)
        {
            identifier.Append(c switch
            {
                '_' => "__",
                '.' or '+' => "_",
                _ when SyntaxFacts.IsIdentifierPartCharacter(c) => c.ToString(),
                _ => "_" + ((int)c).ToString("x", System.Globalization.CultureInfo.InvariantCulture),
            });
        }

        return identifier.Length > 0 && char.IsDigit(identifier[0]) ? "_" + identifier : identifier.ToString();
    }

    /// <summary>A type's full name as reflection writes it: nested types after a plus.</summary>
    public static string Metadata(INamedTypeSymbol type)
    {
        string name = type.MetadataName;
        for (INamedTypeSymbol? outer = type.ContainingType; outer is not null; outer = outer.ContainingType)
        {
            name = outer.MetadataName + "+" + name;
        }

        return type.ContainingNamespace is { IsGlobalNamespace: false } space ? space.ToDisplayString(s_plain) + "." + name : name;
    }

    /// <summary>True for a name that can stand on the wire after the contract's.</summary>
    public static bool IsWireName(string? name) =>
        name is { Length: > 0 and <= 128 }
        && name.IndexOfAny(['/', '.', '"', '\\']) < 0
        && !name.Any(char.IsControl)
        && name[0] != '$'
        && !name.StartsWith("rpc.", StringComparison.Ordinal);
}
