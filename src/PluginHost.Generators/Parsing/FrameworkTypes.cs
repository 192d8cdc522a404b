using Microsoft.CodeAnalysis;
using PluginHost.Generators.Model;

namespace PluginHost.Generators.Parsing;

/// <summary>What the framework's own types mean in a contract.</summary>
internal static class FrameworkTypes
{
    /// <summary>The shape of a type without items, or null.</summary>
    public static TypeShape? Leaf(ITypeSymbol type) => type.SpecialType switch
    {
        SpecialType.System_Boolean => TypeShape.Boolean,
        SpecialType.System_SByte => TypeShape.SByte,
        SpecialType.System_Byte => TypeShape.Byte,
        SpecialType.System_Int16 => TypeShape.Int16,
        SpecialType.System_UInt16 => TypeShape.UInt16,
        SpecialType.System_Int32 => TypeShape.Int32,
        SpecialType.System_UInt32 => TypeShape.UInt32,
        SpecialType.System_Int64 => TypeShape.Int64,
        SpecialType.System_UInt64 => TypeShape.UInt64,
        SpecialType.System_Single => TypeShape.Single,
        SpecialType.System_Double => TypeShape.Double,
        SpecialType.System_Decimal => TypeShape.Decimal,
        SpecialType.System_Char => TypeShape.Char,
        SpecialType.System_String => TypeShape.String,
        SpecialType.System_DateTime => TypeShape.DateTime,
        _ when type is IArrayTypeSymbol { Rank: 1, ElementType.SpecialType: SpecialType.System_Byte } => TypeShape.Bytes,
        _ when type is INamedTypeSymbol named => Leaf(Metadata(named), named),
        _ => null,
    };

    /// <summary>The shape of a generic type, and the prefix of its identifier, or null.</summary>
    public static (TypeShape Shape, string Prefix)? Generic(INamedTypeSymbol type) => Metadata(type) switch
    {
        "System.Nullable`1" => (TypeShape.Nullable, "NullableOf"),
        "System.Collections.Generic.List`1" => (TypeShape.List, "ListOf"),
        "System.Collections.Immutable.ImmutableArray`1" => (TypeShape.ImmutableArray, "ImmutableArrayOf"),
        "System.Collections.Generic.IReadOnlyList`1" => (TypeShape.Sequence, "IReadOnlyListOf"),
        "System.Collections.Generic.IReadOnlyCollection`1" => (TypeShape.Sequence, "IReadOnlyCollectionOf"),
        "System.Collections.Generic.IEnumerable`1" => (TypeShape.Sequence, "IEnumerableOf"),
        "System.Collections.Generic.ICollection`1" => (TypeShape.Sequence, "ICollectionOf"),
        "System.Collections.Generic.IList`1" => (TypeShape.Sequence, "IListOf"),
        "System.Collections.Generic.Dictionary`2" => (TypeShape.Dictionary, "DictionaryOf"),
        "System.Collections.Generic.IDictionary`2" => (TypeShape.Map, "IDictionaryOf"),
        "System.Collections.Generic.IReadOnlyDictionary`2" => (TypeShape.Map, "IReadOnlyDictionaryOf"),
        "System.Tuple`1" or "System.Tuple`2" or "System.Tuple`3" or "System.Tuple`4" or "System.Tuple`5" or "System.Tuple`6" or "System.Tuple`7"
            => (TypeShape.Tuple, "ReferenceTupleOf"),
        "System.ValueTuple`1" => (TypeShape.ValueTuple, "TupleOf"),
        _ => null,
    };

    /// <summary>True for a class of streams other than Stream itself: the other side cannot rebuild it.</summary>
    public static bool IsStreamClass(INamedTypeSymbol type)
    {
        for (INamedTypeSymbol? b = type.BaseType; b is not null; b = b.BaseType)
        {
            if (Metadata(b) == "System.IO.Stream")
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The shape of what is only a whole argument or result: what stays with its owner, and memory whose owner changes. Else null.</summary>
    /// <param name="type">The type.</param>
    /// <param name="compilation">The compilation whose assembly may make contracts of others' interfaces.</param>
    public static TypeShape? Lease(INamedTypeSymbol type, Compilation compilation) => Metadata(type) switch
    {
        "System.IProgress`1" => TypeShape.Progress,
        "System.Collections.Generic.IAsyncEnumerable`1" => TypeShape.AsyncSequence,
        "System.IO.Stream" => TypeShape.Stream,
        "System.Buffers.IMemoryOwner`1" when IsOfBytes(type) => TypeShape.MemoryOwner,
        _ when type.TypeKind == TypeKind.Interface && (ContractAttributes.IsContract(type) || ContractAttributes.IsNamed(type, compilation)) => TypeShape.ContractObject,
        _ => null,
    };

    /// <summary>Why a type is no data type at all, as a sentence after a space; null where it may be one.</summary>
    public static string? WhyNotData(INamedTypeSymbol type)
    {
        if (type.TypeKind is not (TypeKind.Class or TypeKind.Struct) || type.IsRefLikeType || type.IsStatic || type.IsUnboundGenericType)
        {
            return " A data type is a sealed record, a sealed class or a struct.";
        }

        if (type.AllInterfaces.Any(i => i.SpecialType == SpecialType.System_Collections_IEnumerable))
        {
            return " It is a collection of its own kind: use a list, a dictionary or an array.";
        }

        for (INamedTypeSymbol? b = type; b is not null; b = b.BaseType)
        {
            if (Metadata(b) is "System.Exception" or "System.Attribute")
            {
                return " Declare exceptions with [Throws<T>] instead of passing them.";
            }
        }

        INamespaceSymbol? root = type.ContainingNamespace;
        while (root is { IsGlobalNamespace: false, ContainingNamespace.IsGlobalNamespace: false })
        {
            root = root.ContainingNamespace;
        }

        if (type.SpecialType != SpecialType.None || root?.Name == "System")
        {
            return " It is no data type of this contract: use one of the supported framework types, or a sealed record of your own.";
        }

        return null;
    }

    /// <summary>An open generic type in C#, without its arguments.</summary>
    public static string Open(INamedTypeSymbol type) => $"global::{type.ContainingNamespace.ToDisplayString()}.{type.Name}";

    /// <summary>The full name of a type's definition, as reflection writes it.</summary>
    public static string Metadata(INamedTypeSymbol type) => Names.Metadata(type.OriginalDefinition);

    private static TypeShape? Leaf(string name, INamedTypeSymbol type) => name switch
    {
        "System.Guid" => TypeShape.Guid,
        "System.DateTimeOffset" => TypeShape.DateTimeOffset,
        "System.TimeSpan" => TypeShape.TimeSpan,
        "System.DateOnly" => TypeShape.DateOnly,
        "System.TimeOnly" => TypeShape.TimeOnly,
        "System.Uri" => TypeShape.Uri,
        "System.Version" => TypeShape.Version,
        "System.Memory`1" when IsOfBytes(type) => TypeShape.Memory,
        "System.ReadOnlyMemory`1" when IsOfBytes(type) => TypeShape.ReadOnlyMemory,
        _ => null,
    };

    private static bool IsOfBytes(INamedTypeSymbol type) => type.TypeArguments[0].SpecialType == SpecialType.System_Byte;
}
