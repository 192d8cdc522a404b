using PluginHost.Architecture.Tests.Support;

namespace PluginHost.Architecture.Tests;

/// <summary>What an assembly shows to others changes only on purpose.</summary>
public sealed class SurfaceTests
{
    private const string ApproveVariable = "PLUGINHOST_APPROVE";

    public static TheoryData<string> Projects => House.Present;

    [Theory]
    [MemberData(nameof(Projects))]
    public void The_public_surface_is_the_approved_one(string project)
    {
        string path = Repository.At("tests", "PluginHost.Architecture.Tests", "Approved", project + ".txt");
        string surface = Surface.Of(Assemblies.Of(project));
        if (Environment.GetEnvironmentVariable(ApproveVariable) == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, surface);
        }

        string approved = File.Exists(path) ? File.ReadAllText(path) : "";

        Assert.True(surface == approved, Failure(project, path, Lines(approved), Lines(surface)));
    }

    private static string Failure(string project, string path, string[] approved, string[] surface)
    {
        IEnumerable<string> lines = surface.Except(approved).Select(line => "+ " + line).Concat(approved.Except(surface).Select(line => "- " + line));
        return $"""
            The public surface of {project} is not the approved one in {Repository.Short(path)} (+ new, - gone; nothing listed: another order or a repeated line).
            {string.Join('\n', lines)}
            Is the change meant, documented, and compatible or a new major release? Then approve it:
                {ApproveVariable}=1 dotnet test tests/PluginHost.Architecture.Tests -c Release
            and commit the text file with the change.
            """;
    }

    // A member's line carries its type, so that the difference can be read without the whole file.
    private static string[] Lines(string text)
    {
        List<string> lines = [];
        string type = "";
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            type = line[0] == ' ' ? type : line;
            lines.Add(line[0] == ' ' ? $"{type.Split(" : ")[0].Split(' ')[^1]}: {line.Trim()}" : line);
        }

        return [.. lines];
    }
}
