using System.Globalization;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>The command line and environment of a plugin that is a program of its own.</summary>
internal static class ProgramCommand
{
    // A path with this before it is a file of the plugin's own folder.
    private const string Own = "./";

    /// <summary>What this machine or the plugin's folder lacks to start the program, with the remedy; null where nothing is known to be missing.</summary>
    /// <param name="command">The manifest's command.</param>
    /// <param name="folder">The plugin's folder.</param>
    /// <param name="searchPath">The folders to look the program up in: the host's PATH.</param>
    public static string? Missing(IReadOnlyList<string> command, string folder, string? searchPath)
    {
        if (FindProgram(command[0], folder, searchPath) is null)
        {
            return command[0].Contains('/', StringComparison.Ordinal)
                ? $"its program '{command[0]}' is not there, or may not be executed by the host's user. Install the plugin completely, or correct \"command\" in its plugin.json."
                : $"its program '{command[0]}' is in no folder of the host's PATH ({searchPath}). Install it, or start the host with a PATH that has it.";
        }

        return command.Skip(1).FirstOrDefault(a => a.StartsWith(Own, StringComparison.Ordinal) && !File.Exists(Path.Combine(folder, a))) is { } file
            ? $"its file '{file}' is not in its folder. {RemedyFor(file)}"
            : null;
    }

    /// <summary>Finds a command's program: a file of the plugin's folder (<c>./name</c>), a full path, or a name in the search path.</summary>
    /// <returns>Its full path; null where there is none that may be executed.</returns>
    public static string? FindProgram(string program, string folder, string? searchPath)
    {
        if (program.StartsWith(Own, StringComparison.Ordinal))
        {
            // The store keeps contents, not modes: it becomes executable when it is started.
            string own = Path.GetFullPath(Path.Combine(folder, program));
            return File.Exists(own) ? own : null;
        }

        return program.Contains('/', StringComparison.Ordinal)
            ? Executable(program) ? program : null
            : (searchPath ?? "").Split(':').Where(Path.IsPathFullyQualified).Select(f => Path.Combine(f, program)).FirstOrDefault(Executable);
    }

    /// <summary>Puts one together.</summary>
    /// <param name="program">From <see cref="FindProgram"/>.</param>
    /// <param name="request">What to run.</param>
    /// <param name="owner">Whom it belongs to.</param>
    /// <param name="clock">The clock that caps the rate of logged output.</param>
    public static SpawnRequest Create(string program, StartRequest request, ChildOwner owner, TimeProvider clock)
    {
        string[] command = [.. request.Manifest.Command!];
        if (command[0].StartsWith(Own, StringComparison.Ordinal) && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, File.GetUnixFileMode(program) | UnixFileMode.UserExecute);
        }

        return new SpawnRequest
        {
            Channel = request.Manifest.Channel == ProgramChannel.Descriptor ? ChildChannel.Descriptor : ChildChannel.Stdio,
            FileName = program,
            Arguments = command[1..],
            Environment = ChildEnvironment.Of(ChildEnvironment.OfThisProcess(), request.Manifest.Permissions.Env, Added(request)),
            WorkingDirectory = request.Folder,
            Logger = request.Logger,
            Clock = clock,
            Owner = owner,
        };
    }

    private static string RemedyFor(string file) => file.StartsWith("./node_modules/", StringComparison.Ordinal)
        ? "Run 'npm ci' in the plugin's folder before it is installed."
        : "Install the plugin completely, or correct \"command\" in its plugin.json.";

    private static bool Executable(string file) => File.Exists(file) && Libc.access(file, Libc.MayExecute) == 0;

    private static IEnumerable<KeyValuePair<string, string>> Added(StartRequest request)
    {
        PluginManifest manifest = request.Manifest;
        if (request.TempFolder is { } temporary)
        {
            yield return new("TMPDIR", temporary);
        }

        if (manifest.Channel == ProgramChannel.Descriptor)
        {
            yield return new(WorkerEnvironment.Descriptor, SpawnRequest.ChannelDescriptor.ToString(CultureInfo.InvariantCulture));
        }

        yield return new(WorkerCommand.HostPidVariable, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        yield return new(WorkerCommand.MessageLimitVariable, manifest.Limits.Message.ToString(CultureInfo.InvariantCulture));

        // Python writes its compiled files beside the sources; the store's copy of a plugin must stay what was hashed.
        yield return new("PYTHONDONTWRITEBYTECODE", "1");
    }
}
