using System.Xml.Linq;
using Mono.Cecil;
using PluginHost.Architecture.Tests.Support;

namespace PluginHost.Architecture.Tests;

/// <summary>References go one way.</summary>
public sealed class ReferenceTests
{
    public static TheoryData<string> Projects => House.Present;

    [Fact]
    public void Every_project_of_src_stands_in_the_house()
    {
        IEnumerable<string> known = House.Projects.Select(project => project.Name);

        IEnumerable<string> unknown = Repository.Files(Repository.At("src"), "*.csproj").Select(path => Path.GetFileNameWithoutExtension(path)).Except(known);

        Check.None(unknown);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_file_refers_only_where_the_design_draws_an_arrow(string project)
    {
        IEnumerable<string> refused = ProjectReferences(Repository.At("src", project, project + ".csproj"))
            .Except([.. House.Find(project).References, .. House.Find(project).Ships]);

        Check.None(refused);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void An_assembly_uses_only_what_its_references_lead_to(string project)
    {
        IEnumerable<string> refused = Ours(Assemblies.Of(project)).Except(House.Reachable(project));

        Check.None(refused);
    }

    [Fact]
    public void A_plugin_uses_contracts_and_nothing_of_the_engine()
    {
        foreach (string path in Repository.Files(Repository.At("plugins"), "*.csproj"))
        {
            IEnumerable<string> refused = Ours(Assemblies.Of(Path.GetFileNameWithoutExtension(path))).Except(["PluginHost.Contracts", "Samples.Contracts"]);

            Assert.True(!refused.Any(), $"{Repository.Short(path)} uses {string.Join(", ", refused)}.");
        }
    }

    private static IEnumerable<string> Ours(ModuleDefinition module) => module.AssemblyReferences.Select(reference => reference.Name)
        .Where(name => name.StartsWith("PluginHost.", StringComparison.Ordinal) || name.StartsWith("Samples.", StringComparison.Ordinal));

    // References for the order of the build alone, such as to a generator or to plugins, are no arrows.
    private static IEnumerable<string> ProjectReferences(string path) => XDocument.Load(path).Descendants("ProjectReference")
        .Where(reference => (string?)reference.Attribute("ReferenceOutputAssembly") != "false")
        .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
}
