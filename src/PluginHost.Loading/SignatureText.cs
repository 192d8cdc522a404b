using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace PluginHost.Loading;

/// <summary>
/// Writes the types of method signatures as text, from metadata and from reflection alike, so that a plugin's methods can be compared with the
/// host's contract without loading the plugin.
/// </summary>
internal sealed class SignatureText : ISignatureTypeProvider<string, object?>
{
    public static SignatureText Instance { get; } = new();

    /// <summary>A loaded type's text.</summary>
    public static string Of(Type type)
    {
        if (type.HasElementType)
        {
            string element = Of(type.GetElementType()!);
            return type.IsByRef ? element + "&" : type.IsPointer ? element + "*" : $"{element}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        return type.IsGenericParameter ? "!"
            : type.IsConstructedGenericType ? $"{type.GetGenericTypeDefinition().FullName}<{string.Join(",", type.GetGenericArguments().Select(Of))}>"
            : type.FullName ?? type.Name;
    }

    /// <summary>A type definition's full name, as <see cref="Type.FullName"/> has it.</summary>
    public static string NameOf(MetadataReader reader, TypeDefinitionHandle handle)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        string name = reader.GetString(type.Name);
        return type.IsNested
            ? $"{NameOf(reader, type.GetDeclaringType())}+{name}"
            : Qualified(reader.GetString(type.Namespace), name);
    }

    /// <summary>A type reference's full name.</summary>
    public static string NameOf(MetadataReader reader, TypeReferenceHandle handle)
    {
        TypeReference type = reader.GetTypeReference(handle);
        string name = reader.GetString(type.Name);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? $"{NameOf(reader, (TypeReferenceHandle)type.ResolutionScope)}+{name}"
            : Qualified(reader.GetString(type.Namespace), name);
    }

    /// <summary>The full name of a type in any form; null for forms that a class cannot derive from by name.</summary>
    public static string? NameOf(MetadataReader reader, EntityHandle handle) => handle.Kind switch
    {
        HandleKind.TypeDefinition => NameOf(reader, (TypeDefinitionHandle)handle),
        HandleKind.TypeReference => NameOf(reader, (TypeReferenceHandle)handle),
        HandleKind.TypeSpecification => reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(Instance, null),
        _ => null,
    };

    public string GetPrimitiveType(PrimitiveTypeCode typeCode) => $"System.{typeCode}";

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => NameOf(reader, handle);

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => NameOf(reader, handle);

    public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) => $"{genericType}<{string.Join(",", typeArguments)}>";

    public string GetSZArrayType(string elementType) => elementType + "[]";

    public string GetArrayType(string elementType, ArrayShape shape) => $"{elementType}[{new string(',', shape.Rank - 1)}]";

    public string GetByReferenceType(string elementType) => elementType + "&";

    public string GetPointerType(string elementType) => elementType + "*";

    public string GetPinnedType(string elementType) => elementType;

    public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

    public string GetFunctionPointerType(MethodSignature<string> signature) => "!";

    public string GetGenericMethodParameter(object? genericContext, int index) => "!";

    public string GetGenericTypeParameter(object? genericContext, int index) => "!";

    private static string Qualified(string space, string name) => space.Length == 0 ? name : $"{space}.{name}";
}
