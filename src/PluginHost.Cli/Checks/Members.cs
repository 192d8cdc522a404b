using System.Reflection.Metadata;

namespace PluginHost.Cli.Checks;

/// <summary>What the methods and fields that code names are, in the assembly itself or in another.</summary>
internal static class Members
{
    /// <summary>A method's type, name and signature.</summary>
    public static (TypeName Type, string Name, MethodSignature<TypeName> Signature) Method(MetadataReader reader, TypeNames types, EntityHandle handle)
    {
        if (handle.Kind == HandleKind.MethodDefinition)
        {
            MethodDefinition method = reader.GetMethodDefinition((MethodDefinitionHandle)handle);
            return (types.Of(reader, method.GetDeclaringType()), reader.GetString(method.Name), method.DecodeSignature(types, null));
        }

        MemberReference member = reader.GetMemberReference((MemberReferenceHandle)handle);
        TypeName type = member.Parent.Kind == HandleKind.MethodDefinition
            ? types.Of(reader, reader.GetMethodDefinition((MethodDefinitionHandle)member.Parent).GetDeclaringType())
            : types.Of(reader, member.Parent);
        return (type, reader.GetString(member.Name), member.DecodeMethodSignature(types, null));
    }

    /// <summary>A field's type.</summary>
    public static TypeName FieldType(MetadataReader reader, TypeNames types, EntityHandle handle) => handle.Kind == HandleKind.FieldDefinition
        ? reader.GetFieldDefinition((FieldDefinitionHandle)handle).DecodeSignature(types, null)
        : reader.GetMemberReference((MemberReferenceHandle)handle).DecodeFieldSignature(types, null);
}
