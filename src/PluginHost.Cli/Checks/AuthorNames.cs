using System.Reflection.Metadata;

namespace PluginHost.Cli.Checks;

/// <summary>
/// Gives methods the names that their author knows them by: what the compiler made of lambdas, local functions, iterators and async methods is led back to
/// the method that they stand in.
/// </summary>
internal static class AuthorNames
{
    /// <summary>The author's name of a method, such as <c>My.Plugin.StartAsync (lambda)</c>.</summary>
    public static string Of(MetadataReader reader, MethodDefinitionHandle handle)
    {
        MethodDefinition method = reader.GetMethodDefinition(handle);
        (string? name, string? role) = Unwrap(reader.GetString(method.Name));
        TypeDefinitionHandle[] types = [.. TypeNames.Outwards(reader, method.GetDeclaringType())];
        int at = 0;
        while (at < types.Length - 1 && IsCompilers(reader, types[at]))
        {
            (string? outer, string? outerRole) = Unwrap(reader.GetString(reader.GetTypeDefinition(types[at]).Name));
            (name, role) = (outer ?? name, outer is null ? role : outerRole);
            at++;
        }

        string typeName = Plain(TypeNames.NameOf(reader, types[at]));
        string text = name switch
        {
            ".ctor" => $"{typeName} (constructor)",
            ".cctor" => $"{typeName} (static constructor)",
            null => typeName,
            _ => $"{typeName}.{Plain(name)}",
        };
        return role is null || role.StartsWith("__", StringComparison.Ordinal) ? text : $"{text} ({role})";
    }

    /// <summary>The outermost type that a method stands in.</summary>
    public static TypeDefinitionHandle Outermost(MetadataReader reader, MethodDefinitionHandle handle) =>
        TypeNames.Outwards(reader, reader.GetMethodDefinition(handle).GetDeclaringType()).Last();

    /// <summary>
    /// What stands in a compiler's name: <c>&lt;M&gt;d__3</c>, <c>&lt;M&gt;b__0_0</c>, <c>&lt;M&gt;g__Local|0_0</c> and one within the other; no name for a mere closure.
    /// </summary>
    internal static (string? Name, string? Role) Unwrap(string name)
    {
        if (name.Length == 0 || name[0] != '<')
        {
            return (name, null);
        }

        int depth = 0;
        int end = 0;
        do
        {
            depth += name[end] switch { '<' => 1, '>' => -1, _ => 0 };
            end++;
        }
        while (depth > 0 && end < name.Length);

        if (depth > 0)
        {
            // No compiler's, whoever wrote it.
            return (name, null);
        }

        string inner = name[1..(end - 1)];
        string rest = name[end..];
        if (inner.Length == 0)
        {
            return (null, null);
        }

        (string? method, string? role) = Unwrap(inner);
        string? own = rest.StartsWith("b__", StringComparison.Ordinal) ? "lambda"
            : rest.StartsWith("g__", StringComparison.Ordinal) ? rest["g__".Length..].Split('|')[0]
            : null;
        return (method, own ?? role);
    }

    private static bool IsCompilers(MetadataReader reader, TypeDefinitionHandle type) => reader.GetString(reader.GetTypeDefinition(type).Name).StartsWith('<');

    // Nested types with a dot, and without the number of type parameters.
    private static string Plain(string name) => string.Join('.', name.Split('+').Select(part => part.IndexOf('`', StringComparison.Ordinal) is > 0 and var arity ? part[..arity] : part));
}
