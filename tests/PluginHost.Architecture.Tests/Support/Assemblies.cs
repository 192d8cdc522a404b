using System.Collections.Concurrent;
using Mono.Cecil;

namespace PluginHost.Architecture.Tests.Support;

/// <summary>The built assemblies, read once. Nothing of them is loaded or run.</summary>
internal static class Assemblies
{
    private static readonly ConcurrentDictionary<string, ModuleDefinition> s_modules = new();

    public static ModuleDefinition Of(string project) => s_modules.GetOrAdd(project, name =>
    {
        string path = Repository.AssemblyOf(name);
        Assert.True(File.Exists(path), $"{name} was not built: {path} is missing. Run `dotnet build PluginHost.sln -c Release`.");
        return ModuleDefinition.ReadModule(path, new ReaderParameters { InMemory = true });
    });

    /// <summary>The modules of <c>src</c> that are there.</summary>
    public static IEnumerable<ModuleDefinition> OfSource => House.Projects.Select(project => project.Name).Where(Repository.HasProject).Select(Of);

    /// <summary>The modules of <c>src</c> and <c>plugins</c>: everybody who can stand on the other side of a boundary.</summary>
    public static IEnumerable<ModuleDefinition> OfSourceAndPlugins => OfSource.Concat(
        Repository.Files(Repository.At("plugins"), "*.csproj").Select(path => Of(Path.GetFileNameWithoutExtension(path))));

    /// <summary>A module's types that people wrote, nested ones included.</summary>
    public static IEnumerable<TypeDefinition> WrittenTypes(ModuleDefinition module) => module.GetTypes()
        .Where(type => type.Name[0] != '<' && !IsGenerated(type) && (type.Namespace.Length > 0 || type.IsNested));

    /// <summary>The outermost type: it alone has a namespace.</summary>
    public static TypeReference Outermost(TypeReference type)
    {
        while (type.DeclaringType is { } outer)
        {
            type = outer;
        }

        return type;
    }

    private static bool IsGenerated(TypeDefinition type) =>
        type.CustomAttributes.Any(attribute => attribute.AttributeType.Name is "CompilerGeneratedAttribute" or "EmbeddedAttribute" or "GeneratedCodeAttribute")
        || (type.DeclaringType is { } outer && IsGenerated(outer));
}
