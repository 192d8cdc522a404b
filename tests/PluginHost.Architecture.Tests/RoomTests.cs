using System.Text.RegularExpressions;
using Mono.Cecil;
using PluginHost.Architecture.Tests.Support;

namespace PluginHost.Architecture.Tests;

/// <summary>Inside a project a folder is a room; rooms stand in an order and a room uses only rooms to its left.</summary>
public sealed partial class RoomTests
{
    private const string Root = "(root)";

    public static TheoryData<string> Projects => House.Present;

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_room_uses_only_rooms_to_its_left_and_never_the_root(string project)
    {
        if (House.Find(project).Rooms is not { } order)
        {
            Check.None(Circle(Edges(project).Select(edge => (edge.From, edge.To)).ToHashSet()));
            return;
        }

        string[] rooms = [.. order, Root];
        IEnumerable<string> wrong = Edges(project)
            .Where(edge => Array.IndexOf(rooms, edge.From) < Array.IndexOf(rooms, edge.To))
            .Select(edge => $"{edge.User} ({edge.From}) uses {edge.Used} ({edge.To})");

        Check.None(wrong);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_room_is_one_that_the_design_names(string project)
    {
        if (House.Find(project).Rooms is not { } rooms)
        {
            return;
        }

        IEnumerable<string> unknown = Edges(project).SelectMany(edge => (string[])[edge.From, edge.To]).Distinct().Except([.. rooms, Root]);

        Check.None(unknown);
    }

    [Fact]
    public void Strangers_never_use_each_other()
    {
        IEnumerable<string> wrong = House.Strangers.Where(pair => Repository.HasProject(pair.Project)).SelectMany(pair =>
            Edges(pair.Project).Where(edge => edge.From == pair.Room && edge.To == pair.Never).Select(edge => $"{edge.User} uses {edge.Used}")).Distinct();

        Check.None(wrong);
    }

    [Fact]
    public void A_namespace_is_the_project_and_the_folder()
    {
        List<string> wrong = [];
        foreach (string project in (string[])["src", "tests", "plugins"])
        {
            foreach (string file in Repository.Files(Repository.At(project), "*.cs"))
            {
                string expected = Path.GetDirectoryName(Path.GetRelativePath(Repository.At(project), file))!.Replace(Path.DirectorySeparatorChar, '.');
                Match written = Namespace().Match(File.ReadAllText(file));
                if (written.Success && written.Groups[1].Value != expected && IsCompiledHere(file))
                {
                    wrong.Add($"{Repository.Short(file)}: {written.Groups[1].Value}, not {expected}");
                }
            }
        }

        Check.None(wrong);
    }

    /// <summary>Who uses whom between rooms of one project.</summary>
    private static IEnumerable<(string From, string To, string User, string Used)> Edges(string project)
    {
        ModuleDefinition module = Assemblies.Of(project);
        foreach (TypeDefinition type in module.GetTypes().Where(type => IsIn(project, type)))
        {
            foreach (TypeReference used in Uses.Of(type).Where(used => used.Scope == module && IsIn(project, used)))
            {
                string from = Room(project, type), to = Room(project, used);
                if (from != to)
                {
                    yield return (from, to, type.FullName, used.FullName);
                }
            }
        }
    }

    private static bool IsIn(string project, TypeReference type) =>
        (Assemblies.Outermost(type).Namespace + ".").StartsWith(project + ".", StringComparison.Ordinal);

    private static string Room(string project, TypeReference type)
    {
        string inside = Assemblies.Outermost(type).Namespace[project.Length..].TrimStart('.');
        return inside.Length == 0 ? Root : inside.Split('.')[0];
    }

    private static IEnumerable<string> Circle(HashSet<(string From, string To)> edges)
    {
        // Rooms that use no other room are taken away until none is left; what remains stands in a circle.
        while (edges.FirstOrDefault(edge => !edges.Any(other => other.From == edge.To)) is { From: not null } leaf)
        {
            edges.Remove(leaf);
        }

        return edges.Select(edge => $"{edge.From} uses {edge.To}").Order();
    }

    // Data for tests, such as a snapshot of generated code, is no source of its project: it lies below a folder that the project leaves out.
    private static bool IsCompiledHere(string file)
    {
        for (string? folder = Path.GetDirectoryName(file); folder is not null && folder != Repository.Root; folder = Path.GetDirectoryName(folder))
        {
            if (Directory.EnumerateFiles(folder, "*.csproj").FirstOrDefault() is { } project)
            {
                string inside = Path.GetRelativePath(folder, file).Replace('\\', '/');
                return !RemovedFolder().Matches(File.ReadAllText(project))
                    .Any(removed => inside.StartsWith(removed.Groups[1].Value + "/", StringComparison.Ordinal));
            }
        }

        return false;
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex("""Compile Remove="([\w./]+?)/\*\*""")]
    private static partial Regex RemovedFolder();
}
