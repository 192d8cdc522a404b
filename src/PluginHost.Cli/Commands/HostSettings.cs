using Microsoft.Extensions.Logging;
using PluginHost.Cli.Output;
using PluginHost.Runtime;

namespace PluginHost.Cli.Commands;

/// <summary>What the options that every command takes say, checked and with full paths. Immutable.</summary>
internal sealed record HostSettings
{
    /// <summary>The folder whose subfolders are plugins.</summary>
    public required string Plugins { get; init; }

    /// <summary>The policy file; null for the state folder's.</summary>
    public string? Policy { get; init; }

    /// <summary>The operator's folder of contract assemblies; null for none.</summary>
    public string? Contracts { get; init; }

    /// <summary>The state folder; null for the usual one of the plugins folder.</summary>
    public string? State { get; init; }

    /// <summary>Completes what was typed: without a plugins folder the samples and, for them, the policy that ships with the tool.</summary>
    /// <exception cref="ToolException">Something that was named is not there.</exception>
    public static HostSettings Of(string? plugins, string? policy, string? contracts, string? state)
    {
        string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(plugins ?? ToolFolders.Samples));
        if (!Directory.Exists(folder))
        {
            throw ToolException.Usage($"The plugins folder '{folder}' does not exist; name the folder whose subfolders are plugins with --plugins.");
        }

        if (contracts is not null && !Directory.Exists(contracts))
        {
            throw ToolException.Usage($"The contracts folder '{Path.GetFullPath(contracts)}' does not exist; name a folder of assemblies or leave --contracts out.");
        }

        if (policy is not null && !File.Exists(policy))
        {
            throw ToolException.Usage($"The policy '{Path.GetFullPath(policy)}' does not exist; name a file or leave --policy out.");
        }

        bool isSamples = folder == Path.TrimEndingDirectorySeparator(Path.GetFullPath(ToolFolders.Samples));
        return new HostSettings
        {
            Plugins = folder,
            Policy = policy is not null ? Path.GetFullPath(policy) : isSamples ? ToolFolders.SamplesPolicy : null,
            Contracts = contracts is null ? null : Path.GetFullPath(contracts),
            State = state is null ? null : Path.GetFullPath(state),
        };
    }

    /// <summary>The options of a runtime over this folder; the samples' contracts are built in.</summary>
    public PluginRuntimeOptions ToOptions(ILoggerFactory loggers, TimeProvider clock) => new()
    {
        Directory = Plugins,
        PolicyFile = Policy,
        ContractsDirectory = Contracts,
        StateFolder = State,
        ContractAssemblies = [typeof(Samples.Contracts.IMarkdown).Assembly],

        // The tool owns its process.
        HandleUnhandledExceptions = true,
        LoggerFactory = loggers,
        Clock = clock,
    };
}
