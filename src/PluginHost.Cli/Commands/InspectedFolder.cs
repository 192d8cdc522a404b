using PluginHost.Cli.Output;
using PluginHost.Runtime;
using PluginHost.Runtime.Control;
using PluginHost.Runtime.Model;

namespace PluginHost.Cli.Commands;

/// <summary>
/// Where <c>inspect</c> reads a plugin. The state folder of a running host is that host's alone: beside it the plugin is read in a scratch folder with the
/// host's policy and its record of demotions, so that it is placed as the host places it.
/// </summary>
internal sealed class InspectedFolder : IDisposable
{
    private const string Policy = "pluginhost.json";
    private const string Demotions = "demotions.json";
    private readonly HostAttachment.Reading? _host;
    private readonly DirectoryInfo? _scratch;

    private InspectedFolder(PluginRuntimeOptions options, HostAttachment.Reading? host, DirectoryInfo? scratch)
    {
        Options = options;
        _host = host;
        _scratch = scratch;
    }

    /// <summary>The options of the runtime that reads it.</summary>
    public PluginRuntimeOptions Options { get; }

    /// <summary>Decides where.</summary>
    /// <param name="options">What was typed.</param>
    /// <param name="host">The host that runs on the folder; null for none.</param>
    public static InspectedFolder Of(PluginRuntimeOptions options, HostAttachment.Reading? host)
    {
        if (host is null)
        {
            return new InspectedFolder(options, null, null);
        }

        DirectoryInfo scratch = Directory.CreateTempSubdirectory("pluginhost-inspect-");
        string policy = Path.Combine(host.StateFolder, Policy);
        string demotions = Path.Combine(host.StateFolder, Demotions);
        if (File.Exists(demotions))
        {
            File.Copy(demotions, Path.Combine(scratch.FullName, Demotions));
        }

        return new InspectedFolder(
            options with { StateFolder = scratch.FullName, PolicyFile = options.PolicyFile ?? (File.Exists(policy) ? policy : null) }, host, scratch);
    }

    /// <summary>The plugin as it stands: in the running host, where there is one.</summary>
    public PluginLine StateOf(PluginStatus read) => PluginLine.Of(_host?.Snapshot.Plugins.FirstOrDefault(p => p.Id == read.Id) ?? read);

    /// <summary>The path that stands for one of the scratch folder's in the host's state folder; null where the host has nothing there, since the folder has changed since.</summary>
    public string? PathOf(string? path)
    {
        if (_host is null || path is null)
        {
            return path;
        }

        string there = path.Replace(Options.StateFolder!, Path.GetFullPath(_host.StateFolder), StringComparison.Ordinal);
        return Path.Exists(there) ? there : null;
    }

    /// <summary>Where an assembly is: in the host's copy, else in the operator's folder.</summary>
    public string FileOf(string path, PluginInspection inspection) =>
        _host is null || inspection.StoreFolder is not { } read || !path.StartsWith(read, StringComparison.Ordinal)
            ? path
            : (PathOf(read) ?? inspection.SourceFolder) + path[read.Length..];

    /// <inheritdoc/>
    public void Dispose() => _scratch?.Delete(recursive: true);
}
