using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using PluginHost.TestKit;

namespace PluginHost.Cli.Tests.Support;

/// <summary>A <c>run</c> of the tool that has started its plugins and made its calls.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(2);
    private readonly Process _process;

    private RunningHost(Process process, JsonElement document)
    {
        _process = process;
        Document = document;
    }

    /// <summary>What it printed once it was ready.</summary>
    public JsonElement Document { get; }

    public int Pid => _process.Id;

    /// <summary>Starts one and waits for its document.</summary>
    public static async Task<RunningHost> StartAsync(params string[] arguments)
    {
        Process process = Tool.Start(["run", "--json", .. arguments]);
        _ = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource deadline = new(s_longest);
        StringBuilder text = new();
        while (await process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
        {
            text.AppendLine(line);
            if (line == "}")
            {
                return new RunningHost(process, JsonElement.Parse(text.ToString()));
            }
        }

        throw new InvalidOperationException("The host ended before it had printed its document.");
    }

    /// <summary>Stops it with a signal, SIGTERM where none is named.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync(string signal = "-TERM")
    {
        using Process kill = Process.Start("kill", [signal, Pid.ToString(CultureInfo.InvariantCulture)]);
        using CancellationTokenSource deadline = new(s_longest);
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (ProcessLife.IsAlive(Pid))
        {
            await StopAsync();
        }

        _process.Dispose();
    }
}
