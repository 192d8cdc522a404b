using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text.Json;
using PluginHost.Contracts.Faults;

namespace PluginHost.Loading;

/// <summary>What an entry assembly needs of this process, checked from its files before anything is loaded.</summary>
internal static class PluginRequirements
{
    private const string Rebuild = "Rebuild the plugin for a framework that this host has, or run it on a host that has it.";

    /// <exception cref="PluginLoadException">This process cannot give it what it needs.</exception>
    public static void Check(LoadOptions options, AssemblyImage entry, PluginFiles files, HostFrameworks host)
    {
        if (entry.ForeignMachine is { } machine)
        {
            throw Failure(
                options,
                $"{entry.FileName} was built for {machine}, and this process is {RuntimeInformation.ProcessArchitecture}.",
                "Build the plugin for AnyCPU or for this machine's architecture.");
        }

        CheckTarget(options, entry, host);
        CheckRuntimeConfig(options, Path.ChangeExtension(entry.Path, ".runtimeconfig.json"), host);
        CheckReferences(options, entry, files, host);
    }

    private static void CheckTarget(LoadOptions options, AssemblyImage entry, HostFrameworks host)
    {
        if (entry.TargetFramework is not { } target || Parse(target) is not { } framework)
        {
            return;
        }

        Version mine = host.Versions["Microsoft.NETCore.App"];
        bool fits = framework.Identifier switch
        {
            ".NETCoreApp" => framework.Version <= new Version(mine.Major, mine.Minor),
            ".NETStandard" => true,
            _ => false,
        };
        if (!fits)
        {
            throw Failure(
                options, $"{entry.FileName} was built for {framework.Identifier} {framework.Version}, and this process runs on .NET {mine.ToString(2)}.", Rebuild);
        }
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

    private static void CheckRuntimeConfig(LoadOptions options, string path, HostFrameworks host)
    {
        if (!File.Exists(path))
        {
            return;
        }

        RuntimeConfig config;
        try
        {
            config = RuntimeConfig.Read(path);
        }
        catch (Exception e) when (e is JsonException or IOException or InvalidOperationException or FormatException)
        {
            throw Failure(options, $"{Path.GetFileName(path)} cannot be read: {e.Message}", "Publish the plugin again.");
        }

        if (config.IsSelfContained)
        {
            throw Failure(
                options,
                $"{Path.GetFileName(path)} says that it was published self-contained, with a runtime of its own.",
                "Publish it with --self-contained false.");
        }

        foreach ((string name, Version version) in config.Frameworks)
        {
            if (!host.Versions.TryGetValue(name, out Version? mine))
            {
                throw Failure(options, $"it needs the shared framework {name} {version}, and this process runs without it.", Rebuild);
            }

            if (version > mine)
            {
                throw Failure(options, $"it needs {name} {version}, and this process runs on {mine}.", Rebuild);
            }
        }
    }

    private static void CheckReferences(LoadOptions options, AssemblyImage entry, PluginFiles files, HostFrameworks host)
    {
        foreach (AssemblyName reference in entry.References)
        {
            if (options.Shared.Contains(reference.Name!))
            {
                CheckShared(options, entry, reference);
            }
            else if (files.FindAssembly(reference) is null && !host.Contains(reference.Name!))
            {
                (FaultKind _, string what, string remedy) = LoadFailure.MissingText(reference, entry.FileName);
                throw Failure(options, what, remedy);
            }
        }
    }

    private static void CheckShared(LoadOptions options, AssemblyImage entry, AssemblyName reference)
    {
        Version wanted = reference.Version ?? new Version(0, 0);
        Version mine = options.Shared.Load(reference.Name!).GetName().Version ?? new Version(0, 0);
        if (wanted.Major > mine.Major || (wanted.Major == mine.Major && wanted.Minor > mine.Minor))
        {
            throw new PluginLoadException(
                options.PluginId,
                FaultKind.ContractMismatch,
                $"Plugin '{options.PluginId}' does not fit this host: {entry.FileName} was built against {reference.Name} {wanted}, and the host has {mine}{Lacking(options, entry, reference.Name!)}.",
                $"Install a host with {reference.Name} {wanted.ToString(2)} or newer, or rebuild the plugin against {mine.ToString(2)}.");
        }
    }

    private static string Lacking(LoadOptions options, AssemblyImage entry, string shared) =>
        ContractUse.MissingOf(entry, options.Shared, shared) is { } members ? $", which lacks {members}" : "";

    private static PluginLoadException Failure(LoadOptions options, string what, string remedy) =>
        new(options.PluginId, FaultKind.StartFailure, $"Plugin '{options.PluginId}' could not be started: {what}", remedy);
}
