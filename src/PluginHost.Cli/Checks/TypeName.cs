using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace PluginHost.Cli.Checks;

/// <summary>What stands before or behind a type's name.</summary>
internal enum TypeShape
{
    /// <summary>Nothing.</summary>
    Plain,

    /// <summary>An array of it.</summary>
    Array,

    /// <summary>A reference to it.</summary>
    ByRef,

    /// <summary>A pointer to it, or a function pointer.</summary>
    Pointer,

    /// <summary>A type parameter.</summary>
    Parameter,
}

/// <summary>A type as metadata names it. Immutable.</summary>
/// <param name="Name">The full name, nested types behind a <c>+</c>.</param>
/// <param name="Assembly">The simple name of the assembly that has it; empty for primitives and parameters.</param>
/// <param name="Arguments">Type arguments; of an array, its element.</param>
/// <param name="Shape">Array, pointer and so on.</param>
internal sealed record TypeName(string Name, string Assembly, IReadOnlyList<TypeName> Arguments, TypeShape Shape = TypeShape.Plain)
{
    /// <summary>A type that nothing is known of.</summary>
    public static TypeName Unknown { get; } = new("?", "", []);

    /// <summary>Whether the type, or one that it is made of, is of one of some assemblies.</summary>
    public bool IsMadeOf(IReadOnlySet<string> assemblies) => assemblies.Contains(Assembly) || Arguments.Any(a => a.IsMadeOf(assemblies));

    /// <inheritdoc/>
    public override string ToString() => Shape switch
    {
        TypeShape.Array => $"{Arguments[0]}[]",
        TypeShape.Pointer => Arguments.Count > 0 ? $"{Arguments[0]}*" : Name,
        TypeShape.ByRef => $"{Arguments[0]}&",
        _ => Arguments.Count == 0 ? Short : $"{Short}<{string.Join(", ", Arguments)}>",
    };

    /// <summary>The name without its namespace, as code writes it.</summary>
    public string Short
    {
        get
        {
            string name = Name[(Name.LastIndexOf('.') + 1)..].Replace('+', '.');
            int arity = name.IndexOf('`', StringComparison.Ordinal);
            return arity < 0 ? name : name[..arity];
        }
    }
}

/// <summary>Decodes types of one assembly's metadata.</summary>
/// <param name="assembly">Its simple name.</param>
internal sealed class TypeNames(string assembly) : ISignatureTypeProvider<TypeName, object?>
{
    private const int DeepestNesting = 64;
    private int _depth;

    /// <summary>The type of any handle that stands for one.</summary>
    public TypeName Of(MetadataReader reader, EntityHandle handle) => handle.Kind switch
    {
        HandleKind.TypeDefinition => GetTypeFromDefinition(reader, (TypeDefinitionHandle)handle, 0),
        HandleKind.TypeReference => GetTypeFromReference(reader, (TypeReferenceHandle)handle, 0),
        HandleKind.TypeSpecification => reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null),
        _ => TypeName.Unknown,
    };

    public TypeName GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => new(NameOf(reader, handle), assembly, []);

    public TypeName GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
    {
        TypeReference type = reader.GetTypeReference(handle);
        string name = reader.GetString(type.Name);
        if (type.ResolutionScope.Kind == HandleKind.TypeReference)
        {
            if (++_depth > DeepestNesting)
            {
                throw new BadImageFormatException("Its references are nested in each other without end.");
            }

            TypeName outer = GetTypeFromReference(reader, (TypeReferenceHandle)type.ResolutionScope, 0);
            _depth--;
            return new TypeName($"{outer.Name}+{name}", outer.Assembly, []);
        }

        string scope = type.ResolutionScope.Kind == HandleKind.AssemblyReference
            ? reader.GetString(reader.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name)
            : assembly;
        return new TypeName(Qualified(reader.GetString(type.Namespace), name), scope, []);
    }

    /// <summary>The full name of a type of the assembly.</summary>
    public static string NameOf(MetadataReader reader, TypeDefinitionHandle handle)
    {
        string inside = "";
        foreach (TypeDefinitionHandle outer in Outwards(reader, handle))
        {
            TypeDefinition type = reader.GetTypeDefinition(outer);
            string name = reader.GetString(type.Name);
            inside = type.IsNested ? $"+{name}{inside}" : Qualified(reader.GetString(type.Namespace), name) + inside;
        }

        return inside;
    }

    /// <summary>A type and those that it is nested in, the outermost last.</summary>
    /// <exception cref="BadImageFormatException">They stand in a circle.</exception>
    public static IEnumerable<TypeDefinitionHandle> Outwards(MetadataReader reader, TypeDefinitionHandle handle)
    {
        for (int depth = 0; !handle.IsNil; handle = reader.GetTypeDefinition(handle).GetDeclaringType())
        {
            yield return ++depth < DeepestNesting ? handle : throw new BadImageFormatException("Its types are nested in each other without end.");
        }
    }

    public TypeName GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind)
    {
        if (++_depth > DeepestNesting)
        {
            throw new BadImageFormatException("Its types are made of each other without end.");
        }

        TypeName type = Of(reader, handle);
        _depth--;
        return type;
    }

    public TypeName GetPrimitiveType(PrimitiveTypeCode typeCode) => new($"System.{typeCode}", "", []);

    public TypeName GetGenericInstantiation(TypeName genericType, ImmutableArray<TypeName> typeArguments) => genericType with { Arguments = typeArguments };

    public TypeName GetSZArrayType(TypeName elementType) => new("[]", "", [elementType], TypeShape.Array);

    public TypeName GetArrayType(TypeName elementType, ArrayShape shape) => GetSZArrayType(elementType);

    public TypeName GetByReferenceType(TypeName elementType) => new("&", "", [elementType], TypeShape.ByRef);

    public TypeName GetPointerType(TypeName elementType) => new("*", "", [elementType], TypeShape.Pointer);

    public TypeName GetFunctionPointerType(MethodSignature<TypeName> signature) => new("delegate*", "", [], TypeShape.Pointer);

    public TypeName GetPinnedType(TypeName elementType) => elementType;

    public TypeName GetModifiedType(TypeName modifier, TypeName unmodifiedType, bool isRequired) => unmodifiedType;

    public TypeName GetGenericMethodParameter(object? genericContext, int index) => new($"!!{index}", "", [], TypeShape.Parameter);

    public TypeName GetGenericTypeParameter(object? genericContext, int index) => new($"!{index}", "", [], TypeShape.Parameter);

    private static string Qualified(string space, string name) => space.Length == 0 ? name : $"{space}.{name}";
}
