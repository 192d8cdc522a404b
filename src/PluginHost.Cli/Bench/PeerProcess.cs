using System.Diagnostics;
using System.Reflection;

namespace PluginHost.Cli.Bench;

/// <summary>The tool, started a second time as the other end of a ping-pong. It ends with its standard input.</summary>
internal sealed class PeerProcess : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private readonly Process _process;

    /// <summary>Starts it.</summary>
    /// <param name="kind">What it does.</param>
    /// <param name="path">Where the two meet.</param>
    public PeerProcess(string kind, string path)
    {
        string tool = Environment.ProcessPath!;
        bool isShared = Path.GetFileNameWithoutExtension(tool) == "dotnet";
        ProcessStartInfo start = new(tool) { RedirectStandardInput = true, UseShellExecute = false };
        string[] arguments = ["bench", "peer", kind, path];
        foreach (string argument in isShared ? [Assembly.GetEntryAssembly()!.Location, .. arguments] : arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
    }

    /// <summary>Tells it to answer for a while.</summary>
    public void Go()
    {
        _process.StandardInput.WriteLine("go");
        _process.StandardInput.Flush();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(s_patience))
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
