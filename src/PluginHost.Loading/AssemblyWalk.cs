using System.Reflection;
using System.Reflection.Metadata;
using System.Text.Json;

namespace PluginHost.Loading;

/// <summary>
/// Follows the references of a plugin's files from its entry on, by the rules that its load context goes by, and looks at what else its folder holds.
/// Nothing of the plugin is loaded. Used by one thread, once.
/// </summary>
internal sealed class AssemblyWalk
{
    private readonly LoadOptions _options;
    private readonly HostFrameworks _frameworks;
    private readonly Dictionary<string, LoadedAssembly> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _files = new(StringComparer.Ordinal);
    private readonly Queue<string> _open = new();
    private readonly List<LoadedAssembly> _rows = [];
    private readonly List<AssemblyProblem> _problems = [];

    private AssemblyWalk(LoadOptions options, HostFrameworks frameworks)
    {
        _options = options;
        _frameworks = frameworks;
    }

    /// <summary>The assemblies that it would load, and those in its folder that it would not.</summary>
    public IReadOnlyList<LoadedAssembly> Rows => _rows;

    /// <summary>What is missing, older than it should be, or cannot be read.</summary>
    public IReadOnlyList<AssemblyProblem> Problems => _problems;

    /// <summary>Walks.</summary>
    /// <param name="options">The plugin.</param>
    /// <param name="frameworks">What it runs on.</param>
    /// <param name="inWorker">True in a worker, which never unloads.</param>
    public static AssemblyWalk Of(LoadOptions options, HostFrameworks frameworks, bool inWorker)
    {
        AssemblyWalk walk = new(options, frameworks);
        string entry = Path.GetFullPath(options.EntryAssembly, options.Folder);
        if (!File.Exists(entry))
        {
            return walk;
        }

        try
        {
            AssemblyRules rules = new(new PluginFiles(entry), options.Shared, frameworks, copiesKeepers: options.Collectible && !inWorker);
            walk.Enter(entry, "the manifest's entry");
            while (walk._open.TryDequeue(out string? path))
            {
                walk.Follow(path, rules);
            }

            walk.LookAtFrameworks(Path.ChangeExtension(entry, ".runtimeconfig.json"));
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or JsonException or IOException or UnauthorizedAccessException)
        {
            walk.Unreadable(Path.ChangeExtension(entry, ".deps.json"), e.Message);
        }

        walk.LookAtTheRest();
        return walk;
    }

    private void Follow(string path, AssemblyRules rules)
    {
        try
        {
            using AssemblyImage image = AssemblyImage.Open(path);
            foreach (AssemblyName reference in image.References)
            {
                Reference(image, reference, rules);
            }
        }
        catch (Exception e) when (e is BadImageFormatException or IOException or UnauthorizedAccessException)
        {
            Unreadable(path, e.Message);
        }
    }

    private void Reference(AssemblyImage image, AssemblyName reference, AssemblyRules rules)
    {
        string name = reference.Name!;
        if (!_byName.ContainsKey(name))
        {
            switch (rules.Choose(reference))
            {
                case { Origin: AssemblyOrigin.Framework, Path: { } copy } choice:
                    Add(name, new LoadedAssembly(name, HostFrameworks.VersionOf(copy), copy, Shared: false, choice.Because) { Origin = AssemblyOrigin.Framework, State = AssemblyState.Expected });
                    break;
                case { Path: { } own } choice:
                    Enter(own, choice.Because);
                    break;
                case { Origin: AssemblyOrigin.Host } choice:
                    (string from, string version) = _options.Shared.Locate(name);
                    Add(name, new LoadedAssembly(name, version, from, Shared: true, choice.Because) { State = AssemblyState.Expected });
                    break;
                case { } choice:
                    Add(name, _frameworks.Row(name, choice.Because, AssemblyState.Expected));
                    break;
                default:
                    Missing(image, reference);
                    break;
            }
        }

        if (_byName.TryGetValue(name, out LoadedAssembly? row)
            && row.State != AssemblyState.Missing
            && Version.TryParse(row.Version, out Version? found)
            && reference.Version > found)
        {
            _problems.Add(new AssemblyProblem(
                AssemblyProblemKind.Older, name, $"{image.FileName} was built against {name} {reference.Version}, and gets {found} from {row.From}.",
                row.Origin == AssemblyOrigin.Plugin ? $"Publish the plugin with {name} {reference.Version} or newer." : $"Rebuild it against {name} {found.ToString(2)}, or use a host that has the newer one."));
        }
    }

    private void Missing(AssemblyImage image, AssemblyName reference)
    {
        string name = reference.Name!;
        Add(name, new LoadedAssembly(name, reference.Version?.ToString() ?? "", "", Shared: false, $"{image.FileName} references it; neither the plugin's folder nor the host has it")
        {
            State = AssemblyState.Missing,
        });
        (_, string what, string remedy) = LoadFailure.MissingText(reference, image.FileName);
        _problems.Add(new AssemblyProblem(AssemblyProblemKind.Missing, name, what, remedy));
    }

    private void Enter(string path, string because)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        _files.Add(path);
        _open.Enqueue(path);
        Add(name, new LoadedAssembly(name, HostFrameworks.VersionOf(path), path, Shared: false, because) { State = AssemblyState.Expected });
    }

    private void Add(string name, LoadedAssembly row)
    {
        _byName[name] = row;
        _rows.Add(row);
    }

    private void LookAtFrameworks(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        RuntimeConfig config = RuntimeConfig.Read(path);
        foreach ((string name, Version version) in config.Frameworks)
        {
            if (FrameworkFit.Problem(name, version, config.RollForward, _frameworks.Versions.GetValueOrDefault(name)) is { } problem)
            {
                _problems.Add(new AssemblyProblem(AssemblyProblemKind.MissingFramework, name, $"{Path.GetFileName(path)}: {problem}", "Run it on a host that has it, or rebuild the plugin for one that this host has."));
            }
        }
    }

    private void LookAtTheRest()
    {
        EnumerationOptions all = new() { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (string file in Directory.EnumerateFiles(_options.Folder, "*.dll", all).Order(StringComparer.Ordinal))
        {
            if (!_files.Contains(file) && !IsForAnotherSystem(file))
            {
                _rows.Add(Rest(file));
            }
        }
    }

    private LoadedAssembly Rest(string file)
    {
        try
        {
            using AssemblyImage image = AssemblyImage.Open(file);
            (string name, string version, string culture) = image.Identity;
            bool isSatellite = culture.Length > 0;
            return new LoadedAssembly(name, version, file, Shared: false, isSatellite
                ? $"private: the texts of {culture}, loaded when that culture is asked for"
                : _options.Shared.Contains(name) ? "not loaded: the host gives its own copy"
                : "not loaded: no assembly of the plugin references it; code may still load it by name")
            {
                State = isSatellite ? AssemblyState.Expected : AssemblyState.NotUsed,
            };
        }
        catch (Exception e) when (e is BadImageFormatException or IOException or UnauthorizedAccessException)
        {
            return new LoadedAssembly(Path.GetFileNameWithoutExtension(file), "", file, Shared: false, "a native library, or a damaged file: it holds no .NET metadata") { State = AssemblyState.NotUsed };
        }
    }

    // runtimes/RID/lib/... of the systems that this is not: the deps.json chooses one.
    private bool IsForAnotherSystem(string file) =>
        Path.GetRelativePath(_options.Folder, file).StartsWith("runtimes" + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private void Unreadable(string path, string why) =>
        _problems.Add(new AssemblyProblem(AssemblyProblemKind.Unreadable, Path.GetFileName(path), $"{Path.GetFileName(path)} cannot be read: {why}", "Publish the plugin again."));
}
