using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json;

namespace PluginHost.Cli.Checks;

/// <summary>What a private library of a plugin uses, by rule. Immutable.</summary>
/// <param name="Assembly">The library.</param>
/// <param name="Rule">The rule's id.</param>
/// <param name="Severity">The gravest of its findings.</param>
/// <param name="HostileTo">What it is hostile to.</param>
/// <param name="Count">How many uses.</param>
/// <param name="Methods">Some methods that use it.</param>
internal sealed record LibraryFindings(string Assembly, string Rule, Severity Severity, HostileTo HostileTo, int Count, IReadOnlyList<string> Methods);

/// <summary>The code of a whole plugin, scanned: the author's own first, libraries that others wrote in groups. Immutable.</summary>
/// <param name="Own">What the author's code uses, the gravest first.</param>
/// <param name="Libraries">What libraries use.</param>
/// <param name="Unreadable">Files that could not be read, with the reason.</param>
internal sealed record PluginScan(IReadOnlyList<Finding> Own, IReadOnlyList<LibraryFindings> Libraries, IReadOnlyList<string> Unreadable)
{
    private const int MostExamples = 3;

    /// <summary>Scans every assembly of a folder that is the plugin's own.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="entry">The entry assembly's file name; null where no manifest names one: then all is taken for the author's.</param>
    /// <param name="shared">The simple names that the host gives in place of the plugin's files.</param>
    /// <param name="isUnloadable">False for a plugin that is never unloaded: what only keeps it in memory is no harm.</param>
    public static PluginScan Of(string folder, string? entry, IReadOnlyCollection<string> shared, bool isUnloadable)
    {
        List<string> unreadable = [];
        Dictionary<string, string> files = Assemblies(folder, shared);
        HashSet<string> own = new(files.Keys, StringComparer.OrdinalIgnoreCase);
        HashSet<string> packages = entry is null ? [] : Foreign(folder, entry, own);
        List<Finding> findings = [];
        foreach ((string name, string path) in files)
        {
            try
            {
                findings.AddRange(AssemblyScan.Of(path, own).Select(f => isUnloadable || f.HostileTo == HostileTo.Isolation ? f : f with { Severity = Severity.Note }));
            }
            catch (Exception damaged) when (damaged is BadImageFormatException or IOException or UnauthorizedAccessException
                or InvalidCastException or ArgumentException or InvalidOperationException or OverflowException or IndexOutOfRangeException)
            {
                // Metadata that points at what it should not is damaged in as many ways.
                unreadable.Add($"{name}.dll cannot be scanned: {damaged.Message}");
            }
        }

        return new PluginScan(
            [.. findings.Where(f => !packages.Contains(f.Assembly)).OrderByDescending(f => f.Severity).ThenBy(f => f.Rule, StringComparer.Ordinal).ThenBy(f => f.Method, StringComparer.Ordinal)],
            [.. findings.Where(f => packages.Contains(f.Assembly)).GroupBy(f => (f.Assembly, f.Rule)).Select(Group).OrderBy(g => g.Assembly, StringComparer.Ordinal).ThenByDescending(g => g.Severity)],
            unreadable);
    }

    private static LibraryFindings Group(IEnumerable<Finding> findings)
    {
        Finding[] all = [.. findings];
        return new LibraryFindings(
            all[0].Assembly, all[0].Rule, all.Max(f => f.Severity), all[0].HostileTo, all.Sum(f => f.Count),
            [.. all.OrderByDescending(f => f.Severity).Select(f => f.Method).OfType<string>().Distinct().Take(MostExamples)]);
    }

    private static Dictionary<string, string> Assemblies(string folder, IReadOnlyCollection<string> shared)
    {
        Dictionary<string, string> files = new(StringComparer.OrdinalIgnoreCase);
        EnumerationOptions all = new() { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (string file in Directory.EnumerateFiles(folder, "*.dll", all).Order(StringComparer.Ordinal))
        {
            if (NameOf(file) is { } name && !shared.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                files.TryAdd(name, file);
            }
        }

        return files;
    }

    /// <summary>An assembly's simple name; null for a satellite, which has no code, and for what is no assembly: the load report tells of it.</summary>
    private static string? NameOf(string file)
    {
        try
        {
            using PEReader pe = new(File.OpenRead(file));
            if (!pe.HasMetadata || pe.GetMetadataReader() is not { IsAssembly: true } reader)
            {
                return null;
            }

            AssemblyDefinition assembly = reader.GetAssemblyDefinition();
            return assembly.Culture.IsNil ? reader.GetString(assembly.Name) : null;
        }
        catch (Exception unfit) when (unfit is BadImageFormatException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The assemblies that came from packages: by the deps.json, or, where there is none, all but the entry.</summary>
    private static HashSet<string> Foreign(string folder, string entry, IEnumerable<string> all)
    {
        string own = Path.GetFileNameWithoutExtension(entry);
        HashSet<string> others = new(all.Where(name => !string.Equals(name, own, StringComparison.OrdinalIgnoreCase)), StringComparer.OrdinalIgnoreCase);
        string deps = Path.Combine(folder, own + ".deps.json");
        try
        {
            if (File.Exists(deps))
            {
                using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(deps));
                foreach (JsonProperty library in document.RootElement.GetProperty("libraries").EnumerateObject())
                {
                    if (library.Value.TryGetProperty("type", out JsonElement type) && type.ValueEquals("project"))
                    {
                        others.Remove(library.Name.Split('/')[0]);
                    }
                }
            }
        }
        catch (Exception unfit) when (unfit is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // The load check says what is wrong with it.
            return others;
        }

        return others;
    }
}
