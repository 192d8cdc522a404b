using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Runtime.Catalog;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Store;
using PluginHost.Runtime.Trust;

namespace PluginHost.Runtime;

/// <summary>
/// Reads one plugin's folder, wherever it lies, with everything that is wrong at once. Nothing of the plugin runs, no state folder is opened. Thread-safe.
/// </summary>
public static class PluginFolder
{
    /// <summary>Reads it.</summary>
    /// <param name="folder">The plugin's folder.</param>
    /// <param name="options">The contracts and the policy that it is held against; the policy is that of a host of <see cref="PluginRuntimeOptions.Directory"/>.</param>
    public static PluginFolderReport Read(string folder, PluginRuntimeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        ManifestResult read = ManifestReader.Read(full);
        List<Problem> content = [];
        string? hash = Hash(full, content);
        PluginFolderReport report = new() { Folder = full, Manifest = read.Manifest, ManifestProblems = read.Problems, ContentProblems = content, ContentHash = hash };
        if (read.Manifest is not { } manifest)
        {
            return report;
        }

        KnownContracts contracts = KnownContracts.Collect(options, options.LoggerFactory.CreateLogger(nameof(PluginFolder)));
        (IReadOnlyList<ContractDescriptor> found, IReadOnlyList<string> missing) = ManifestContracts.Find(contracts, manifest);
        Placement? placement = hash is null ? null : Place(full, manifest, hash, options);
        report = report with
        {
            ContractProblems = [.. missing.Select(problem => new Problem(Path.Combine(full, ManifestReader.FileName), 0, 0, "contracts", problem))],
            Placement = placement,
        };
        return manifest.Entry is null ? report : WithAssemblies(report, manifest, found, contracts);
    }

    private static PluginFolderReport WithAssemblies(PluginFolderReport report, PluginManifest manifest, IReadOnlyList<ContractDescriptor> found, KnownContracts contracts)
    {
        SharedAssemblies shared = new(ManifestContracts.Shared(contracts, found, manifest));
        LoadOptions load = new()
        {
            PluginId = manifest.Id,
            Folder = report.Folder,
            EntryAssembly = manifest.Entry!,
            Contracts = [.. found.Select(c => c.InterfaceType)],
            Shared = shared,
        };
        return report with
        {
            LoadProblems = PluginLoader.FindProblems(load),
            Assemblies = AssemblyReport.Read(load, [], inWorker: report.Placement is not { Tier: PluginTier.InProcess }),
            SharedAssemblies = shared.Names,
        };
    }

    private static string? Hash(string folder, List<Problem> problems)
    {
        try
        {
            StoreLimits limits = new();
            List<StoredFile> files = [];
            List<string> paths = FolderWalk.Files(folder, limits, problems);
            foreach (string path in problems.Count == 0 ? paths : [])
            {
                using FileStream? file = PlainFile.Open(Path.Combine(folder, path), out string? problem);
                if (file is null)
                {
                    problems.Add(new Problem(Path.Combine(folder, path), problem!));
                    continue;
                }

                (long length, string hash) = ContentHash.Digest(file, null, limits.Bytes);
                files.Add(new StoredFile(path, length, hash));
            }

            if (files.Sum(f => f.Length) > limits.Bytes)
            {
                problems.Add(new Problem(folder, $"the plugin's files have more than {Quantities.Size(limits.Bytes)}, the most that is taken. Remove those it does not need."));
            }

            return problems.Count == 0 ? ContentHash.Of(files) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem(folder, $"the plugin's files cannot be read: {error.Message}"));
            return null;
        }
    }

    private static Placement Place(string folder, PluginManifest manifest, string hash, PluginRuntimeOptions options)
    {
        PolicyResult policy = options.Policy is { } given
            ? new PolicyResult(given, [.. given.Validate().Select(problem => new Problem(given.Source ?? "the application's policy", problem))])
            : options.PolicyFile is { } file
                ? PolicyReader.Read(file, options.Directory)
                : PolicyReader.ReadIfThere(Path.Combine(options.StateFolder ?? StateFolder.DefaultFor(options.Directory), PolicyReader.FileName), options.Directory);
        return Placing.Place(new PlacementInputs
        {
            Manifest = manifest,
            ContentHash = hash,
            Policy = policy.Policy,
            PolicyProblems = policy.Problems,
            Development = DevelopmentFolder.Of(policy.Policy.Development, folder),
            HostVersion = PluginPreparation.HostVersion,
        });
    }
}
