using Mono.Cecil;
using PluginHost.Architecture.Tests.Support;

namespace PluginHost.Architecture.Tests;

/// <summary>
/// What the binaries of the first release name of PluginHost.Contracts is still there: the guard, proxy and dispatcher of every contract that was ever
/// compiled, and every plugin. The approved surface may grow; of this nothing may go, also where <c>PLUGINHOST_APPROVE</c> accepts it.
/// </summary>
public sealed class FirstReleaseTests
{
    private const string Seam = "PluginHost.Contracts";

    public static TheoryData<string> Binaries => ["contract/FirstRelease.Contracts.dll", "plugin/FirstRelease.Plugin.dll"];

    [Theory]
    [MemberData(nameof(Binaries))]
    public void Every_member_that_it_names_is_there(string binary)
    {
        using ModuleDefinition module = Read(binary);
        List<string> missing = [];
        foreach (MemberReference member in module.GetMemberReferences().Where(m => IsOfSeam(m.DeclaringType)))
        {
            if (Found(member) is not { } found)
            {
                missing.Add($"{member.FullName} is gone: restore it, or give it a body that does as it did.");
            }
            else if (!IsVisible(found))
            {
                missing.Add($"{member.FullName} is no longer public or protected.");
            }
        }

        missing.AddRange(module.GetTypeReferences().Where(t => IsOfSeam(t) && t.Resolve() is null).Select(t => $"The type {t.FullName} is gone: restore it."));

        Check.None(missing);
    }

    [Theory]
    [MemberData(nameof(Binaries))]
    public void Nothing_abstract_was_added_to_what_its_classes_derive_from(string binary)
    {
        using ModuleDefinition module = Read(binary);
        List<string> missing = [];
        foreach (TypeDefinition type in module.GetTypes().Where(t => t is { IsInterface: false, IsAbstract: false }))
        {
            HashSet<string> had = [.. Names(type)];
            IEnumerable<TypeDefinition> above = Bases(type).Concat(type.Interfaces.Select(i => i.InterfaceType))
                .Where(IsOfSeam).Select(t => t.Resolve()).OfType<TypeDefinition>();
            missing.AddRange(above.SelectMany(t => t.Methods).Where(m => m.IsAbstract && !had.Contains(m.Name))
                .Select(m => $"{m.FullName} has no body, and {type.FullName} of the first release does not override it: give it one."));
        }

        Check.None(missing.Distinct());
    }

    private static ModuleDefinition Read(string binary)
    {
        string path = Repository.At("tests", "FirstRelease", binary);
        Assert.True(File.Exists(path), $"{Repository.Short(path)} is missing: see tests/FirstRelease/README.md.");
        return ModuleDefinition.ReadModule(path, new ReaderParameters { InMemory = true, AssemblyResolver = new Today() });
    }

    private static bool IsOfSeam(TypeReference type) => Assemblies.Outermost(type.GetElementType()).Scope.Name == Seam;

    private static IMemberDefinition? Found(MemberReference member) => member switch
    {
        MethodReference method => method.Resolve(),
        FieldReference field => field.Resolve(),
        _ => null,
    };

    private static bool IsVisible(IMemberDefinition member) => member switch
    {
        MethodDefinition method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        FieldDefinition field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly,
        _ => false,
    } && (member.DeclaringType.IsPublic || member.DeclaringType.IsNestedPublic);

    private static IEnumerable<string> Names(TypeDefinition type) =>
        Bases(type).Select(b => b.Resolve()).OfType<TypeDefinition>().Prepend(type).SelectMany(t => t.Methods)
            .Where(m => !m.IsAbstract).Select(m => m.Name[(m.Name.LastIndexOf('.') + 1)..]);

    private static IEnumerable<TypeReference> Bases(TypeDefinition type)
    {
        for (TypeReference? at = type.BaseType; at is not null; at = at.Resolve()?.BaseType)
        {
            yield return at;
        }
    }

    /// <summary>Finds the seam as it was built now, and everything else as usual.</summary>
    private sealed class Today : DefaultAssemblyResolver
    {
        public Today() => AddSearchDirectory(Repository.At("tests", "FirstRelease", "contract"));

        public override AssemblyDefinition Resolve(AssemblyNameReference name, ReaderParameters parameters) =>
            name.Name == Seam ? Assemblies.Of(Seam).Assembly : base.Resolve(name, parameters);
    }
}
