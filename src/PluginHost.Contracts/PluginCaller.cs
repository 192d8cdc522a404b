using System.ComponentModel;

namespace PluginHost.Contracts;

/// <summary>
/// Which plugin called through a host service, and on whose behalf: what the callee, the application's service or another plugin, may decide by.
/// Immutable; holds nothing of a plugin but texts.
/// </summary>
public sealed class PluginCaller
{
    private static readonly AsyncLocal<PluginCaller?> s_current = new();

    /// <summary>Creates a chain of one plugin.</summary>
    /// <param name="id">The plugin's id.</param>
    /// <param name="trust">Its effective trust.</param>
    /// <exception cref="ArgumentException"><paramref name="id"/> is empty.</exception>
    public PluginCaller(string id, TrustLevel trust)
        : this(trust, [id], null) => ArgumentException.ThrowIfNullOrEmpty(id);

    private PluginCaller(TrustLevel trust, string[] chain, PluginCaller? before)
    {
        Before = before;
        Trust = trust;
        Chain = chain;
        Id = chain[^1];
    }

    /// <summary>
    /// The caller of the service that is running now; flows over awaits. Null where the application called by itself. In a worker: whoever called
    /// this plugin through a host service.
    /// </summary>
    public static PluginCaller? Current => s_current.Value;

    /// <summary>The plugin that made the call: the last of <see cref="Chain"/>. The host knows it by the connection or the object it gave out.</summary>
    public string Id { get; }

    /// <summary>The lowest effective trust in the chain: nobody does through a better trusted plugin what it may not do itself.</summary>
    public TrustLevel Trust { get; }

    /// <summary>
    /// The plugins' ids from the first caller to <see cref="Id"/>. Those before the last are what the last one acts for by its own account: an
    /// out-of-process plugin names the call it is working on. Decide by <see cref="Id"/> and <see cref="Trust"/>.
    /// </summary>
    public IReadOnlyList<string> Chain { get; }

    /// <summary>Who called the plugin that made the call; null where it is the first of the chain.</summary>
    public PluginCaller? Before { get; }

    /// <summary>The chain with one more caller; its trust is the lower of both.</summary>
    /// <param name="id">The plugin's id.</param>
    /// <param name="trust">Its effective trust.</param>
    /// <exception cref="ArgumentException"><paramref name="id"/> is empty.</exception>
    public PluginCaller Then(string id, TrustLevel trust)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return new PluginCaller(trust < Trust ? trust : Trust, [.. Chain, id], this);
    }

    /// <summary>Sets <see cref="Current"/> for the rest of this flow. Called by the engine; of use in tests of a service.</summary>
    /// <param name="caller">The caller, or null.</param>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public static void SetCurrent(PluginCaller? caller) => s_current.Value = caller;

    /// <inheritdoc/>
    public override string ToString() => string.Join(" -> ", Chain);
}
