using System.Text.RegularExpressions;
using Mono.Cecil;
using PluginHost.Architecture.Tests.Support;

namespace PluginHost.Architecture.Tests;

/// <summary>Names say what a type is; interfaces and open classes have a reason.</summary>
public sealed partial class NamingTests
{
    public static TheoryData<string> Projects => House.Present;

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_type_has_a_name_that_says_nothing(string project)
    {
        IEnumerable<string> empty = Assemblies.WrittenTypes(Assemblies.Of(project)).Where(type => EmptyName().IsMatch(type.Name)).Select(type => type.FullName);

        Check.None(empty);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void An_interface_has_two_implementations_or_crosses_an_assembly_boundary(string project)
    {
        ModuleDefinition[] source = [.. Assemblies.OfSource];
        ModuleDefinition[] others = [.. Assemblies.OfSourceAndPlugins.Where(module => module.Assembly.Name.Name != project)];

        IEnumerable<string> lone = Assemblies.WrittenTypes(Assemblies.Of(project))
            .Where(type => type.IsInterface && !House.LoneInterfaces.ContainsKey(type.FullName))
            .Where(type => Implementations(type, source) < 2 && !(IsVisible(type) && others.Any(other => Names(other, type))))
            .Select(type => type.FullName);

        Check.None(lone);
    }

    [Fact]
    public void The_list_of_lone_interfaces_names_only_what_is_there_and_alone()
    {
        ModuleDefinition[] source = [.. Assemblies.OfSource];

        IEnumerable<string> stale = House.LoneInterfaces.Keys.Where(name =>
            source.SelectMany(module => module.GetTypes()).FirstOrDefault(type => type.FullName == name) is not { } found || Implementations(found, source) > 1);

        Check.None(stale);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void An_internal_class_is_sealed_unless_something_derives_from_it(string project)
    {
        TypeDefinition[] types = [.. Assemblies.WrittenTypes(Assemblies.Of(project))];

        IEnumerable<string> open = types
            .Where(type => type.IsClass && !type.IsValueType && !type.IsSealed && !type.IsAbstract && !IsVisible(type))
            .Where(type => !types.Any(other => other.BaseType?.GetElementType().FullName == type.FullName))
            .Select(type => type.FullName);

        Check.None(open);
    }

    private static int Implementations(TypeDefinition contract, ModuleDefinition[] modules) => modules.SelectMany(module => module.GetTypes())
        .Count(type => !type.IsInterface && type.Interfaces.Any(implemented => implemented.InterfaceType.GetElementType().FullName == contract.FullName));

    private static bool Names(ModuleDefinition module, TypeDefinition type) => module.GetTypeReferences().Any(reference => reference.FullName == type.FullName);

    private static bool IsVisible(TypeDefinition type) => type.IsPublic || ((type.IsNestedPublic || type.IsNestedFamily) && IsVisible(type.DeclaringType));

    [GeneratedRegex("(Utils?|Utilities|Helpers?|Manager|Impl)(`[0-9]+)?$|^(Default|Common)([A-Z]|$)")]
    private static partial Regex EmptyName();
}
