using Microsoft.CodeAnalysis;

namespace PluginHost.Generators.Parsing;

/// <summary>A public property or field of a data type or exception, before it is known how it is restored.</summary>
internal sealed class DataMember
{
    private DataMember(ISymbol symbol, ITypeSymbol type, ISymbol? setter, bool isRequired, bool isPubliclyWritable, bool holdsState)
    {
        Symbol = symbol;
        Type = type;
        Setter = setter;
        IsRequired = isRequired;
        IsPubliclyWritable = isPubliclyWritable;
        HoldsState = holdsState;
    }

    public ISymbol Symbol { get; }

    public string Name => Symbol.Name;

    public ITypeSymbol Type { get; }

    /// <summary>What must be accessible to set it in an initializer; null where nothing sets it.</summary>
    public ISymbol? Setter { get; }

    public bool IsRequired { get; }

    /// <summary>True where anybody can change it after construction.</summary>
    public bool IsPubliclyWritable { get; }

    /// <summary>False for a computed property, which needs no restoring.</summary>
    public bool HoldsState { get; }

    /// <summary>True where a constructor's parameter has this member's name and type.</summary>
    public bool Fits(IParameterSymbol parameter) =>
        string.Equals(parameter.Name, Name, StringComparison.OrdinalIgnoreCase)
        && SymbolEqualityComparer.Default.Equals(parameter.Type, Type);

    /// <summary>The public members that can be read, those of base types first, a hiding or overriding one in place of the other.</summary>
    public static List<DataMember> Of(INamedTypeSymbol type)
    {
        Stack<INamedTypeSymbol> line = new();
        for (INamedTypeSymbol? t = type; t is not null && t.SpecialType is not (SpecialType.System_Object or SpecialType.System_ValueType); t = t.BaseType)
        {
            line.Push(t);
        }

        List<DataMember> members = [];
        foreach (ISymbol symbol in line.SelectMany(t => t.GetMembers()))
        {
            DataMember? member = symbol switch
            {
                { DeclaredAccessibility: not Accessibility.Public } or { IsStatic: true } => null,
                IPropertySymbol { IsIndexer: false, GetMethod.DeclaredAccessibility: Accessibility.Public } p => new DataMember(
                    p, p.Type, p.SetMethod, p.IsRequired, p.SetMethod is { IsInitOnly: false, DeclaredAccessibility: Accessibility.Public }, IsAuto(p)),
                IFieldSymbol { IsImplicitlyDeclared: false } f => new DataMember(f, f.Type, f.IsReadOnly ? null : f, f.IsRequired, !f.IsReadOnly, true),
                _ => null,
            };
            if (member is not null)
            {
                members.RemoveAll(m => m.Name == member.Name);
                members.Add(member);
            }
        }

        return members;
    }

    private static bool IsAuto(IPropertySymbol property) =>
        property.ContainingType.GetMembers().OfType<IFieldSymbol>().Any(f => SymbolEqualityComparer.Default.Equals(f.AssociatedSymbol, property))
        || property.GetMethod!.GetAttributes().Any(a => a.AttributeClass?.Name == "CompilerGeneratedAttribute");
}
