using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text.Json;
using PluginHost.Contracts.Faults;

namespace PluginHost.Loading;

/// <summary>What an entry assembly needs of this process, checked from its files before anything is loaded.</summary>
internal static class PluginRequirements
{
    private const string Rebuild =
        "Rebuild the plugin for a framework that this host has, or run it in the process tier: a worker gets the frameworks that its plugin asks for, where they are installed on the machine.";

    /// <exception cref="PluginLoadException">This process cannot give it what it needs.</exception>
    public static void Check(LoadOptions options, AssemblyImage entry, PluginFiles files, HostFrameworks host)
    {
        foreach (PluginLoadException problem in FindAll(options, entry, files, host))
        {
            throw problem;
        }
    }

    /// <summary>Everything that a process cannot give it, the gravest first.</summary>
    public static IEnumerable<PluginLoadException> FindAll(LoadOptions options, AssemblyImage entry, PluginFiles files, HostFrameworks host)
    {
        if (entry.ForeignMachine is { } machine)
        {
            yield return Failure(
                options,
                $"{entry.FileName} was built for {machine}, and this process is {RuntimeInformation.ProcessArchitecture}.",
                "Build the plugin for AnyCPU or for this machine's architecture.");
        }

        if (Target(options, entry, host) is { } target)
        {
            yield return target;
        }

        foreach (PluginLoadException framework in Frameworks(options, Path.ChangeExtension(entry.Path, ".runtimeconfig.json"), host))
        {
            yield return framework;
        }

        foreach (AssemblyName reference in entry.References)
        {
            if (Reference(options, entry, reference, files, host) is { } missing)
            {
                yield return missing;
            }
        }
    }

    /// <summary>A bundled application has no files to share with plugins; null where this one is not.</summary>
    public static PluginLoadException? SingleFile(LoadOptions options, HostFrameworks host) => host.IsSingleFile
        ? Failure(
            options,
            "this application was published as a single file: its assemblies have no files of their own, by which the plugin's are resolved and the contracts shared.",
            "Publish the application without PublishSingleFile.")
        : null;

    private static PluginLoadException? Target(LoadOptions options, AssemblyImage entry, HostFrameworks host)
    {
        if (entry.TargetFramework is not { } target || Parse(target) is not { } framework)
        {
            return null;
        }

        Version mine = host.Versions[HostFrameworks.BaseFramework];
        bool fits = framework.Identifier switch
        {
            ".NETCoreApp" => framework.Version <= new Version(mine.Major, mine.Minor),
            ".NETStandard" => true,
            _ => false,
        };
        return fits
            ? null
            : Failure(options, $"{entry.FileName} was built for {framework.Identifier} {framework.Version}, and this process runs on .NET {mine.ToString(2)}.", Rebuild);
    }

    private static FrameworkName? Parse(string target)
    {
        try
        {
            return new FrameworkName(target);
        }
        catch (ArgumentException)
        {
            // An attribute that says nothing readable asks for nothing.
            return null;
        }
    }

    private static List<PluginLoadException> Frameworks(LoadOptions options, string path, HostFrameworks host)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        RuntimeConfig config;
        try
        {
            config = RuntimeConfig.Read(path);
        }
        catch (Exception e) when (e is JsonException or IOException or InvalidOperationException or FormatException)
        {
            return [Failure(options, $"{Path.GetFileName(path)} cannot be read: {e.Message}", "Publish the plugin again.")];
        }

        if (config.IsSelfContained)
        {
            return
            [
                Failure(
                    options,
                    $"{Path.GetFileName(path)} says that it was published self-contained, with a runtime of its own.",
                    "Publish it with --self-contained false."),
            ];
        }

        return
        [
            .. from framework in config.Frameworks
               let problem = FrameworkFit.Problem(framework.Name, framework.Version, config.RollForward, host.Versions.GetValueOrDefault(framework.Name))
               where problem is not null
               select Failure(options, problem, host.Versions.ContainsKey(framework.Name) ? Rebuild : Missing(framework.Name)),
        ];
    }

    private static string Missing(string framework) =>
        $"Give the application the framework (<FrameworkReference Include=\"{framework}\" /> in its project), or run the plugin in the process tier: a worker gets the frameworks that its plugin asks for, where they are installed on the machine.";

    private static PluginLoadException? Reference(LoadOptions options, AssemblyImage entry, AssemblyName reference, PluginFiles files, HostFrameworks host)
    {
        if (options.Shared.Contains(reference.Name!))
        {
            return SharedVersion(options, entry, reference);
        }

        if (files.FindAssembly(reference) is not null || host.Contains(reference.Name!))
        {
            return null;
        }

        (FaultKind _, string what, string remedy) = LoadFailure.MissingText(reference, entry.FileName);
        return Failure(options, what, remedy);
    }

    private static PluginLoadException? SharedVersion(LoadOptions options, AssemblyImage entry, AssemblyName reference)
    {
        Version wanted = reference.Version ?? new Version(0, 0);
        Version mine = options.Shared.Load(reference.Name!).GetName().Version ?? new Version(0, 0);
        return wanted.Major > mine.Major || (wanted.Major == mine.Major && wanted.Minor > mine.Minor)
            ? new PluginLoadException(
                options.PluginId,
                FaultKind.ContractMismatch,
                $"Plugin '{options.PluginId}' does not fit this host: {entry.FileName} was built against {reference.Name} {wanted}, and the host has {mine}{Lacking(options, entry, reference.Name!)}.",
                $"Install a host with {reference.Name} {wanted.ToString(2)} or newer, or rebuild the plugin against {mine.ToString(2)}.")
            : null;
    }

    private static string Lacking(LoadOptions options, AssemblyImage entry, string shared) =>
        ContractUse.MissingOf(entry, options.Shared, shared) is { } members ? $", which lacks {members}" : "";

    private static PluginLoadException Failure(LoadOptions options, string what, string remedy) =>
        new(options.PluginId, FaultKind.StartFailure, $"Plugin '{options.PluginId}' could not be started: {what}", remedy);
}
