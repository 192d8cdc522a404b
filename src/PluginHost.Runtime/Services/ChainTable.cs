using System.Collections.Concurrent;
using System.Globalization;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Rpc.Connection;

namespace PluginHost.Runtime.Services;

/// <summary>
/// The chains of callers that one plugin's process was told of, each by a number that means something to the host alone: what a callback names
/// again is looked up here and never believed. A callback that names none is the plugin's own. Kept over generations; thread-safe.
/// </summary>
internal sealed class ChainTable(string pluginId) : CallChain
{
    private const int MostChains = 4096;
    private readonly ConcurrentDictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, PluginCaller> _callers = new(StringComparer.Ordinal);
    private long _last;

    /// <inheritdoc/>
    /// <exception cref="PluginRefusedException">The plugin was called by more different chains than the host keeps.</exception>
    public override string? Current => PluginCaller.Current is { } caller ? TextOf(caller) : null;

    /// <summary>What a call to the plugin carries: a number, the trust, and the callers from the first on, such as <c>3;1;a.plugin,b.plugin</c>.</summary>
    /// <exception cref="PluginRefusedException">The plugin was called by more different chains than the host keeps.</exception>
    public string TextOf(PluginCaller caller)
    {
        string content = string.Create(CultureInfo.InvariantCulture, $"{(int)caller.Trust};{string.Join(',', caller.Chain)}");
        return _texts.TryGetValue(content, out string? known) ? known : Add(caller, content);
    }

    /// <inheritdoc/>
    /// <exception cref="PluginRefusedException">The plugin was never called by such a chain.</exception>
    public override void Enter(string chain) => PluginCaller.SetCurrent(_callers.TryGetValue(chain, out PluginCaller? caller)
        ? caller
        : throw new PluginRefusedException(
            $"Plugin '{pluginId}' named a chain of callers that it was never part of. A callback names the chain of the call it is made for, or none.",
            new PluginFault(pluginId, FaultKind.Refused)));

    /// <inheritdoc/>
    public override void Leave() => PluginCaller.SetCurrent(null);

    private string Add(PluginCaller caller, string content)
    {
        if (_texts.Count >= MostChains)
        {
            throw new PluginRefusedException(
                $"Plugin '{pluginId}' was called by {MostChains} different chains of callers, and the host keeps no more. Let plugins call each other in fewer ways, or restart the application.",
                new PluginFault(pluginId, FaultKind.LimitExceeded));
        }

        string number = Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);

        // Before anybody can be told of it: the callback may be quicker than this thread.
        _callers[number] = caller;
        return _texts.GetOrAdd(content, $"{number};{content}");
    }
}
