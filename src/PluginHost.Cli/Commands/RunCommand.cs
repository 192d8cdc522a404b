using System.Diagnostics;
using System.Globalization;
using PluginHost.Cli.Output;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Telemetry.Recording;

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
            using IDisposable? told = watches ? runtime.Subscribe(change => Tell(session, change)) : null;
            await Task.Delay(Timeout.InfiniteTimeSpan, session.Clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            session.Screen.Notice("Stopping.");
        }

        return ExitCode.Done;
    }

    // What a watch did, in one line each; what else happens is in the log.
    private static void Tell(Session session, PluginEvent change)
    {
        switch (change)
        {
            case RestartEvent { Restart: { Cause: "reload" } restart }:
                session.Screen.Notice(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{restart.PluginId}: reloaded, generation {restart.FromGeneration} to {restart.ToGeneration}, {restart.Milliseconds:0} ms after the change was taken."));
                break;
            case LifecycleEvent { State: "ready", Generation: 1, FaultId: null } found:
                session.Screen.Notice($"{found.PluginId}: found and started.");
                break;
            case LifecycleEvent { State: "refused", FaultId: not null } refused:
                session.Screen.Notice($"{refused.PluginId}: {refused.Reason}");
                break;
            case LifecycleEvent { State: "ready", FaultId: not null } kept:
                session.Screen.Notice($"{kept.PluginId}: {kept.Reason} Generation {kept.Generation} goes on.");
                break;
        }
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
        foreach (PluginLine refused in plugins.Where(p => p.State is PluginState.Refused or PluginState.Quarantined))
        {
            session.Screen.Line($"{refused.Id}: {string.Join(' ', refused.Reasons)}");
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
