using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using PluginHost.Runtime.Store;
using PluginHost.TestKit;

namespace PluginHost.Processes.Tests.Support;

/// <summary>A host in a process of its own with one plugin, brought to some state, to be killed there.</summary>
internal sealed class VictimHost : IDisposable
{
    private readonly Process _process;

    private VictimHost(Process process, string state)
    {
        _process = process;
        State = state;
    }

    public string State { get; }

    public int Pid => _process.Id;

    /// <summary>The workers that its state folder names as running now.</summary>
    public IReadOnlyList<NotedWorker> Running => File.Exists(Path.Combine(State, "running")) ? PastHost.Parse(File.ReadAllText(Path.Combine(State, "running")))?.Workers ?? [] : [];

    /// <summary>The processes of those.</summary>
    public int[] Workers => [.. Running.Select(w => w.Pid)];

    /// <summary>The programs that its plugin has started, by turns in its worker's group and out of it.</summary>
    public int[] Programs => [.. Lines(Path.Combine("data", "fixture", "programs")).Select(l => int.Parse(l, CultureInfo.InvariantCulture))];

    /// <summary>Its reaper.</summary>
    public int Reaper => ProcessLife.ChildrenOf(Pid).Single(IsReaper);

    /// <summary>Whether a process is a reaper; one that has just gone is none.</summary>
    public static bool IsReaper(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Contains("\0reap\0", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Lays out a plugins folder with the fixture, or with a program in its place.</summary>
    public static string Layout(TempFolder folder, string settings, string[]? command = null, string trust = "standard")
    {
        string plugin = folder.Folder(Path.Combine("plugins", "fixture"));
        if (command is null)
        {
            File.Copy(Path.Combine(FixtureWorkers.Folder, "Fixtures.Processes.Plugin.dll"), Path.Combine(plugin, "Fixtures.Processes.Plugin.dll"));
            File.Copy(Path.Combine(FixtureWorkers.Folder, "Fixtures.Processes.Plugin.deps.json"), Path.Combine(plugin, "Fixtures.Processes.Plugin.deps.json"));
        }

        JsonObject manifest = new()
        {
            ["id"] = "fixture",
            ["version"] = "1.0.0",
            [command is null ? "entry" : "command"] = command is null ? "Fixtures.Processes.Plugin.dll" : JsonSerializer.SerializeToNode(command),
            ["contracts"] = new JsonArray("Fixtures.Processes.Contract.IFixture@1"),
            ["trust"] = trust,
            ["settings"] = JsonNode.Parse(settings),
        };
        File.WriteAllText(Path.Combine(plugin, "plugin.json"), manifest.ToJsonString());
        return folder["plugins"];
    }

    public static VictimHost Start(string plugins, string state, string mode)
    {
        Process process = Process.Start(new ProcessStartInfo("dotnet", [FixtureWorkers.HostVictim, plugins, state, mode]) { RedirectStandardError = true })!;

        // Its last words are long, and are read so that it can say them.
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        return new VictimHost(process, state);
    }

    /// <summary>Waits until it is where its mode says, its worker's programs started.</summary>
    public void Reach(string mode, int programs)
    {
        Eventually.True(() => Programs.Length == programs, $"The plugin started {Programs.Length} programs.");
        Eventually.True(
            () => mode switch
            {
                "starting" => Workers.Length == 1,
                "restarting" => Running.Any(w => w is { PluginId: "fixture", Number: > 1 }),
                "stopping" => File.Exists(Path.Combine(State, "data", "fixture", "disposed")),
                _ => File.Exists(Path.Combine(State, "reached")),
            },
            $"The host did not reach '{mode}'.");
    }

    /// <summary>Waits until a plugin inside of its process occupies a thread as its settings say.</summary>
    public void Occupied() => Eventually.True(() => File.Exists(Path.Combine(State, "data", "fixture", "occupied")), "The plugin did not get there.");

    /// <summary>Waits until it has died of itself.</summary>
    /// <returns>Its exit code, as a shell has it: 128 and the signal where one ended it.</returns>
    public int WaitForDeath()
    {
        Assert.True(_process.WaitForExit(Shell.Long), "The host lives on.");
        return _process.ExitCode;
    }

    /// <summary>Kills it with -9.</summary>
    public void Kill()
    {
        _process.Kill();
        WaitForDeath();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }

    private string[] Lines(string file)
    {
        string path = Path.Combine(State, file);
        return File.Exists(path) ? [.. File.ReadAllText(path).Split('\n')[..^1]] : [];
    }
}
