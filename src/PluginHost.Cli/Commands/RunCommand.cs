using System.Diagnostics;
using PluginHost.Cli.Output;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;

namespace PluginHost.Cli.Commands;

/// <summary><c>run</c>: hosts a folder until it is stopped by Ctrl-C or SIGTERM.</summary>
internal static class RunCommand
{
    /// <summary>Hosts.</summary>
    /// <param name="session">What it works with.</param>
    /// <param name="calls">Calls to make once after the start, each <c>PLUGIN METHOD [JSON]</c>.</param>
    /// <param name="timeout">The longest time of each of them; null for the plugin's own limit.</param>
    /// <param name="watches">True to reload plugins whose folder changes.</param>
    /// <param name="stopping">Cancelled when it shall stop.</param>
    public static async Task<int> RunAsync(Session session, IReadOnlyList<string> calls, TimeSpan? timeout, bool watches, CancellationToken stopping)
    {
        string[][] wanted = [.. calls.Select(Parse)];
        PluginRuntime runtime = await PluginRuntime.StartAsync(session.Options with { ReloadOnChange = watches }, stopping).ConfigureAwait(false);
        await using (runtime.ConfigureAwait(false))
        {
            session.KeepLogIn(runtime.StateFolder);
            List<CallLine> made = [];
            foreach (string[] call in wanted)
            {
                made.Add(await MakeAsync(session, runtime, call, timeout, stopping).ConfigureAwait(false));
            }

            Report(session, runtime, made);
            await Task.Delay(Timeout.InfiniteTimeSpan, session.Clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            session.Screen.Notice("Stopping.");
        }

        return ExitCode.Done;
    }

    private static void Report(Session session, PluginRuntime runtime, List<CallLine> made)
    {
        PluginLine[] plugins = [.. runtime.Status.Select(PluginLine.Of)];
        if (session.Screen.IsJson)
        {
            session.Screen.Document(new RunDocument(runtime.StateFolder, Environment.ProcessId, plugins, made), ToolJson.Plain.RunDocument);
            return;
        }

        session.Screen.People.Write(Tables.Plugins(plugins));
        foreach (string trouble in plugins.Select(p => p.Trouble()).OfType<string>())
        {
            session.Screen.Line(trouble);
        }

        if (made.Count > 0)
        {
            session.Screen.People.Write(Tables.Calls(made));
        }

        session.Screen.Line($"Host {Environment.ProcessId} runs on {runtime.StateFolder}. Ctrl-C stops it.");
    }

    private static async Task<CallLine> MakeAsync(
        Session session, PluginRuntime runtime, string[] call, TimeSpan? timeout, CancellationToken stopping)
    {
        string plugin = call[0], method = call[1];
        PluginStatus? status = runtime.Status.FirstOrDefault(s => s.Id == plugin);
        long started = Stopwatch.GetTimestamp();
        bool isOk = true;
        string? result;
        try
        {
            result = await CallCommand.CallAsync(runtime, plugin, method, call.ElementAtOrDefault(2), timeout, session.Clock, stopping).ConfigureAwait(false);
        }
        catch (ToolException e)
        {
            isOk = false;
            result = e.Message;
        }

        return new CallLine(plugin, method, status?.Tier, isOk, Math.Round(Stopwatch.GetElapsedTime(started).TotalMicroseconds, 3), result);
    }

    private static string[] Parse(string call)
    {
        string[] parts = call.Split(' ', 3, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return parts.Length >= 2
            ? parts
            : throw ToolException.Usage($"--call is '{call}'; expected \"PLUGIN METHOD [JSON]\", such as \"samples.calculator Calculator.Add [1,2]\".");
    }
}
