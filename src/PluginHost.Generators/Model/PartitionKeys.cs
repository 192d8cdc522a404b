namespace PluginHost.Generators.Model;

/// <summary>Which types can be partition keys, and how their values become numbers.</summary>
internal static class PartitionKeys
{
    private const string Hash = "global::PluginHost.Contracts.Invocation.PartitionHash.Of";

    /// <summary>The number of a value in C#; null where the type cannot be a key.</summary>
    /// <param name="type">The value's type.</param>
    /// <param name="value">The value in C#.</param>
    public static string? CodeOf(TypeRef type, string value) => type.Shape switch
    {
        TypeShape.SByte or TypeShape.Byte or TypeShape.Int16 or TypeShape.UInt16 or TypeShape.Int32 or TypeShape.UInt32 or TypeShape.Int64
            or TypeShape.Char or TypeShape.Enum => $"{Hash}(unchecked((long){value}))",
        TypeShape.UInt64 or TypeShape.String or TypeShape.Guid => $"{Hash}({value})",
        _ => null,
    };
}
