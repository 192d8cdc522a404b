using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;

namespace PluginHost.Loading;

/// <summary>Loads a plugin's entry assembly into a load context of its own, after everything that can be checked without running it. Thread-safe.</summary>
public static class PluginLoader
{
    /// <summary>Checks and loads a plugin. Its constructors do not run; a module initialiser of its would.</summary>
    /// <param name="options">What to load.</param>
    /// <exception cref="PluginLoadException">It cannot be loaded here; says why and what to do.</exception>
    /// <exception cref="ArgumentException">The options are not valid.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static LoadedPlugin Load(LoadOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join(" ", problems), nameof(options));
        }

        string path = PathOf(options);
        PluginFiles files = OpenFiles(options, path);
        PluginClass? plugin = options.Known is null ? Check(options, path, files) : null;
        PluginLoadContext context = new(options, files);
        try
        {
            Assembly entry = context.LoadEntry(path);
            return new LoadedPlugin(options.PluginId, context, plugin is null ? KnownConstructor(options, entry) : Constructor(options, entry, plugin));
        }
        catch (Exception thrown)
        {
            PluginLoadException failure = thrown as PluginLoadException ?? LoadFailure.Explain(options.PluginId, context, thrown, $"loading {plugin?.FullName ?? options.Known!.TypeName}");
            if (options.Collectible)
            {
                context.Unload();
            }

            throw failure;
        }
    }

    /// <summary>
    /// Everything that would keep a plugin from being loaded here, found from its files: no code of the plugin runs. Empty where <see cref="Load"/> would
    /// get as far as its code.
    /// </summary>
    /// <param name="options">What would be loaded. With <see cref="LoadOptions.Known"/> nothing is left out.</param>
    /// <exception cref="ArgumentException">The options are not valid.</exception>
    public static IReadOnlyList<PluginLoadException> FindProblems(LoadOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { Count: > 0 } invalid)
        {
            throw new ArgumentException(string.Join(" ", invalid), nameof(options));
        }

        List<PluginLoadException> problems = [];
        string path = Collect(problems, () => PathOf(options)) ?? "";
        PluginFiles? files = path.Length == 0 ? null : Collect(problems, () => OpenFiles(options, path));
        if (files is null)
        {
            return problems;
        }

        Collect<object>(problems, () => WithEntry<object?>(options, path, entry =>
        {
            problems.AddRange(PluginRequirements.FindAll(options, entry, files, HostFrameworks.Current));
            if (Collect(problems, () => PluginClass.Find(options.PluginId, entry)) is { } plugin)
            {
                foreach (Type contract in options.Contracts)
                {
                    Collect<object>(problems, () => Fit(options, entry, plugin, [contract], files));
                }
            }

            Collect<object>(problems, () => Use(options, entry, files));

            return null;
        }));
        return problems;
    }

    private static T? Collect<T>(List<PluginLoadException> problems, Func<T?> step)
        where T : class
    {
        try
        {
            return step();
        }
        catch (PluginLoadException problem)
        {
            problems.Add(problem);
            return null;
        }
    }

    private static object? Fit(LoadOptions options, AssemblyImage entry, PluginClass plugin, IReadOnlyList<Type> contracts, PluginFiles files)
    {
        ContractFit.Check(options.PluginId, entry, plugin, contracts, files);
        return null;
    }

    private static object? Use(LoadOptions options, AssemblyImage entry, PluginFiles files)
    {
        ContractUse.Check(options, entry, files);
        return null;
    }

    private static string PathOf(LoadOptions options)
    {
        if (PluginRequirements.SingleFile(options, HostFrameworks.Current) is { } bundled)
        {
            throw bundled;
        }

        string path = Path.GetFullPath(options.EntryAssembly, options.Folder);
        return File.Exists(path)
            ? path
            : throw Failure(options, $"its entry '{options.EntryAssembly}' is not in {options.Folder}.", "Correct \"entry\" in plugin.json, or publish the plugin again.");
    }

    private static ConstructorInfo Constructor(LoadOptions options, Assembly entry, PluginClass plugin)
    {
        Type type = entry.GetType(plugin.FullName, throwOnError: true)!;
        return type.GetConstructor(plugin.TakesContext ? [typeof(IPluginContext)] : [])
            ?? throw Failure(options, $"the constructor of {plugin.FullName} takes an {nameof(IPluginContext)} that is not the host's.", "Reference PluginHost.Contracts with Private=false.");
    }

    // By its token: a name would have to be parsed, and whoever gave the token has read this very file.
    private static ConstructorInfo KnownConstructor(LoadOptions options, Assembly entry)
    {
        PluginEntry known = options.Known!;
        try
        {
            if (entry.ManifestModule.ResolveMethod(known.Constructor) is ConstructorInfo { DeclaringType: { } type } constructor && type.FullName == known.TypeName)
            {
                return constructor;
            }
        }
        catch (ArgumentException)
        {
            // No such token: said below.
        }

        throw Failure(options, $"{known.TypeName}, which an earlier load found in {options.EntryAssembly}, is not there: the plugin's files have changed while they were in use.", "Reload the plugin.");
    }

    private static PluginFiles OpenFiles(LoadOptions options, string path)
    {
        try
        {
            return new PluginFiles(path, isChecked: options.Known is not null);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or JsonException or IOException or UnauthorizedAccessException)
        {
            throw Failure(options, $"{Path.GetFileNameWithoutExtension(path)}.deps.json cannot be read: {e.Message}", "Publish the plugin again.");
        }
    }

    private static PluginClass Check(LoadOptions options, string path, PluginFiles files) => WithEntry(options, path, entry =>
    {
        PluginRequirements.Check(options, entry, files, HostFrameworks.Current);
        PluginClass plugin = PluginClass.Find(options.PluginId, entry);
        ContractFit.Check(options.PluginId, entry, plugin, options.Contracts, files);
        ContractUse.Check(options, entry, files);
        return plugin;
    });

    private static T WithEntry<T>(LoadOptions options, string path, Func<AssemblyImage, T> use)
    {
        try
        {
            using AssemblyImage entry = AssemblyImage.Open(path);
            return use(entry);
        }
        catch (BadImageFormatException e)
        {
            throw Failure(
                options,
                $"'{(string.IsNullOrEmpty(e.FileName) ? options.EntryAssembly : Path.GetFileName(e.FileName))}' is not a .NET assembly: {e.Message}",
                "Correct \"entry\" in plugin.json, or publish the plugin again if the file was damaged.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(options, $"its files cannot be read: {e.Message}", "Make the plugin's folder readable for the user that runs the host.");
        }
    }

    private static PluginLoadException Failure(LoadOptions options, string what, string remedy) =>
        new(options.PluginId, FaultKind.StartFailure, $"Plugin '{options.PluginId}' could not be started: {what}", remedy);
}
