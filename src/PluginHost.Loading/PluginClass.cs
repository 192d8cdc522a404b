using System.Reflection;
using System.Reflection.Metadata;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;

namespace PluginHost.Loading;

/// <summary>The one class marked <see cref="PluginAttribute"/>, found in metadata and fit to be constructed.</summary>
/// <param name="Handle">The class.</param>
/// <param name="FullName">Its full name.</param>
/// <param name="TakesContext">True where its constructor takes an <see cref="IPluginContext"/>.</param>
internal sealed record PluginClass(TypeDefinitionHandle Handle, string FullName, bool TakesContext)
{
    private const string Marker = "PluginHost.Contracts.PluginAttribute";

    /// <exception cref="PluginLoadException">None, several, or one that cannot be constructed.</exception>
    public static PluginClass Find(string pluginId, AssemblyImage entry)
    {
        MetadataReader reader = entry.Metadata;
        TypeDefinitionHandle[] marked = [.. reader.TypeDefinitions.Where(t => IsMarked(reader, t))];
        if (marked.Length != 1)
        {
            throw marked.Length == 0
                ? Failure(pluginId, $"{entry.FileName} has no public class marked [Plugin].", "Mark the class that implements the contracts with [Plugin].")
                : Failure(
                    pluginId,
                    $"{entry.FileName} has {marked.Length} classes marked [Plugin]: {string.Join(", ", marked.Select(t => SignatureText.NameOf(reader, t)))}.",
                    "Keep [Plugin] on one class; a folder is one plugin.");
        }

        TypeDefinition type = reader.GetTypeDefinition(marked[0]);
        string name = SignatureText.NameOf(reader, marked[0]);
        if (type.Attributes.HasFlag(TypeAttributes.Abstract))
        {
            throw Failure(pluginId, $"the [Plugin] class {name} is abstract or static.", "Make it a class that can be constructed.");
        }

        if (type.GetGenericParameters().Count > 0)
        {
            throw Failure(pluginId, $"the [Plugin] class {name} is generic.", "Derive a class without type parameters and mark that one.");
        }

        string[][] constructors = [.. Constructors(reader, type)];
        bool takesContext = constructors.Any(p => p is [$"PluginHost.Contracts.{nameof(IPluginContext)}"]);
        if (!takesContext && !constructors.Any(p => p.Length == 0))
        {
            string found = constructors.Length == 0 ? "no public one" : string.Join(" and ", constructors.Select(p => $"({string.Join(", ", p)})"));
            throw Failure(
                pluginId,
                $"the [Plugin] class {name} has no fitting constructor; found {found}.",
                $"Give it a public constructor that takes nothing or one {nameof(IPluginContext)}.");
        }

        return new PluginClass(marked[0], name, takesContext);
    }

    private static bool IsMarked(MetadataReader reader, TypeDefinitionHandle type) =>
        reader.GetTypeDefinition(type).GetCustomAttributes()
            .Any(a => AssemblyImage.AttributeName(reader, reader.GetCustomAttribute(a)) == Marker);

    private static IEnumerable<string[]> Constructors(MetadataReader reader, TypeDefinition type) =>
        from handle in type.GetMethods()
        let method = reader.GetMethodDefinition(handle)
        where (method.Attributes & MethodAttributes.MemberAccessMask) == MethodAttributes.Public
            && !method.Attributes.HasFlag(MethodAttributes.Static)
            && reader.StringComparer.Equals(method.Name, ".ctor")
        select method.DecodeSignature(SignatureText.Instance, null).ParameterTypes.ToArray();

    private static PluginLoadException Failure(string pluginId, string what, string remedy) =>
        new(pluginId, FaultKind.StartFailure, $"Plugin '{pluginId}' could not be started: {what}", remedy);
}
