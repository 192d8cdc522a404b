using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
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

    /// <summary>The workers that its state folder names.</summary>
    public int[] Workers => [.. Lines("running").Where(l => l.StartsWith("+ ", StringComparison.Ordinal)).Select(l => int.Parse(l.Split(' ')[2], CultureInfo.InvariantCulture))];

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
    public static string Layout(TempFolder folder, string settings, string[]? command = null)
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
            ["trust"] = "standard",
            ["settings"] = JsonNode.Parse(settings),
        };
        File.WriteAllText(Path.Combine(plugin, "plugin.json"), manifest.ToJsonString());
        return folder["plugins"];
    }

    public static VictimHost Start(string plugins, string state, string mode) =>
        new(Process.Start(new ProcessStartInfo("dotnet", [FixtureWorkers.HostVictim, plugins, state, mode]))!, state);

    /// <summary>Waits until it is where its mode says, its worker's programs started.</summary>
    public void Reach(string mode, int programs)
    {
        Eventually.True(() => Programs.Length == programs, $"The plugin started {Programs.Length} programs.");
        Eventually.True(
            () => mode switch
            {
                "starting" => Workers.Length == 1,
                "restarting" => Workers.Length == 2,
                "stopping" => File.Exists(Path.Combine(State, "data", "fixture", "disposed")),
                _ => File.Exists(Path.Combine(State, "reached")),
            },
            $"The host did not reach '{mode}'.");
    }

    /// <summary>Kills it with -9.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
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
