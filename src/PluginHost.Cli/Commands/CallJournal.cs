using System.Diagnostics;
using PluginHost.Cli.Output;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime;

namespace PluginHost.Cli.Commands;

/// <summary>Makes calls and notes what came of each. Calls may overlap.</summary>
internal sealed class CallJournal
{
    private readonly List<CallLine> _lines = [];

    /// <summary>The calls so far, in order of their end. Read it when no call is under way.</summary>
    public IReadOnlyList<CallLine> Lines => _lines;

    /// <summary>Makes one call whose result is wanted.</summary>
    /// <param name="plugins">The runtime that has the plugin.</param>
    /// <param name="plugin">The plugin's id.</param>
    /// <param name="method">The method's wire name.</param>
    /// <param name="call">Makes the call.</param>
    /// <param name="describe">Puts the result into a few words.</param>
    /// <param name="count">How many equal calls <paramref name="call"/> makes.</param>
    public async Task<T> NoteAsync<T>(
        PluginRuntime plugins, string plugin, string method, Func<Task<T>> call, Func<T, string> describe, int count = 1)
    {
        long started = Stopwatch.GetTimestamp();
        T result = await call().ConfigureAwait(false);
        Add(plugins, plugin, method, started, isOk: true, describe(result), count);
        return result;
    }

    /// <summary>Makes one call that is expected to fail.</summary>
    /// <returns>What was thrown; null where the call had a result after all.</returns>
    public async Task<Exception?> NoteFailureAsync(PluginRuntime plugins, string plugin, string method, Func<Task> call)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            string what = e is PluginException fault ? $"{Words.Of(fault.Kind)}: {e.Message}" : $"declared error {e.GetType().Name}: {e.Message}";
            Add(plugins, plugin, method, started, isOk: false, what, count: 1);
            return e;
        }

        Add(plugins, plugin, method, started, isOk: true, result: null, count: 1);
        return null;
    }

    private void Add(PluginRuntime plugins, string plugin, string method, long started, bool isOk, string? result, int count)
    {
        double microseconds = Stopwatch.GetElapsedTime(started).TotalMicroseconds / count;
        PluginTier? tier = plugins.Status.FirstOrDefault(status => status.Id == plugin)?.Tier;
        lock (_lines)
        {
            _lines.Add(new CallLine(plugin, method, tier, isOk, Math.Round(microseconds, 3), result) { Count = count });
        }
    }
}
