using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Fixtures.Processes.Plugin;

/// <content>What makes a worker hard to end: programs that it starts, and calls that never return.</content>
public sealed partial class FixturePlugin
{
    public void SpinIn(string marker)
    {
        File.WriteAllText(marker, "1");
        while (true)
        {
            // All of a core.
        }
    }

    public void SleepInNative(string marker)
    {
        File.WriteAllText(marker, "1");
        while (true)
        {
            _ = sleep(600);
        }
    }

    public void Segfault() => _ = strlen(1);

    public int StartProgram(string script)
    {
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]))!;
        return process.Id;
    }

    /// <summary>Starts a program of the worker's own group, one that leaves it, and one that stays and clears its environment; writes their ids.</summary>
    private void StartPrograms()
    {
        int near = StartProgram("exec sleep 600");
        int far = StartProgram("exec setsid sleep 600");
        int bare = StartProgram("exec env -i sleep 600");
        File.AppendAllText(Path.Combine(_context.DataFolder, "programs"), $"{near}\n{far}\n{bare}\n");
    }

    /// <summary>Takes all of a core, or sleeps in native code, for ever.</summary>
    private void Occupy(string? how)
    {
        string marker = Path.Combine(_context.DataFolder, "occupied");
        switch (how)
        {
            case "spin":
                SpinIn(marker);
                break;
            case "native":
                SleepInNative(marker);
                break;
        }
    }

    [DllImport("libc")]
    private static extern uint sleep(uint seconds);

    [DllImport("libc")]
    private static extern nuint strlen(nint text);
}
