using System.Diagnostics;
using System.Text.Json;
using PluginHost.Cli.Output;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;

namespace PluginHost.Cli.Commands;

/// <summary><c>call</c>: starts one plugin, calls it once, prints the result as JSON and stops it again.</summary>
internal static class CallCommand
{
    /// <summary>Makes the call.</summary>
    /// <param name="session">What it works with.</param>
    /// <param name="plugin">The plugin's id.</param>
    /// <param name="method">The method's wire name.</param>
    /// <param name="arguments">JSON: an array by position or an object by name; null for none.</param>
    /// <param name="timeout">The longest time of the call; null for the plugin's own limit.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ToolException">The call has no result.</exception>
    public static async Task<int> RunAsync(
        Session session, string plugin, string method, string? arguments, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        PluginRuntime runtime = await PluginRuntime.StartAsync(session.Options with { Only = [plugin] }, cancellationToken).ConfigureAwait(false);
        await using (runtime.ConfigureAwait(false))
        {
            PluginStatus status = runtime.Status is [PluginStatus only, ..] ? only : throw UnknownPlugin(plugin, session.Settings);
            long started = Stopwatch.GetTimestamp();
            string result = await CallAsync(runtime, plugin, method, arguments, timeout, session.Clock, cancellationToken).ConfigureAwait(false);
            double microseconds = Math.Round(Stopwatch.GetElapsedTime(started).TotalMicroseconds, 3);
            if (session.Screen.IsJson)
            {
                session.Screen.Document(
                    new CallDocument(plugin, method, status.Tier, microseconds, JsonElement.Parse(result)), ToolJson.Plain.CallDocument);
            }
            else
            {
                session.Screen.Line(result);
            }

            return ExitCode.Done;
        }
    }

    /// <summary>Calls a method by name.</summary>
    /// <exception cref="ToolException">The call has no result; the exception says why and what the tool ends with.</exception>
    public static async Task<string> CallAsync(
        PluginRuntime runtime, string plugin, string method, string? arguments, TimeSpan? timeout, TimeProvider clock, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = timeout is { } time ? new(time, clock) : new();
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await runtime.CallJsonAsync(plugin, method, arguments ?? "", either.Token).ConfigureAwait(false);
        }
        catch (PluginException e)
        {
            throw new ToolException(ErrorLine.Of(e));
        }
        catch (Exception e) when (e is KeyNotFoundException or FormatException)
        {
            throw ToolException.Usage(e.Message);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new ToolException(new ErrorLine
            {
                Kind = Words.Of(FaultKind.Timeout),
                Plugin = plugin,
                Method = method,
                Message = $"{plugin}: {method} did not end within the {timeout:c} of --timeout; it was asked to stop.",
                Remedy = "Give more time with --timeout; the plugin's own limit is limits.callTimeout.",
            });
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // What is left is the contract's own: an error that the method declares.
            throw new ToolException(ErrorLine.Declared(plugin, method, e));
        }
    }

    /// <summary>Tells that a folder has no such plugin.</summary>
    public static ToolException UnknownPlugin(string plugin, HostSettings settings) =>
        ToolException.Usage($"There is no plugin '{plugin}' in '{settings.Plugins}'; 'pluginhost list' shows those there are.");
}
