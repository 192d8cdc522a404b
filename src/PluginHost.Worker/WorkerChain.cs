using System.Globalization;
using PluginHost.Contracts;
using PluginHost.Rpc.Connection;

namespace PluginHost.Worker;

/// <summary>
/// Keeps, while the plugin works on a call that another plugin made, who that was, and the number under which the host knows the chain. Thread-safe.
/// </summary>
internal sealed class WorkerChain : CallChain
{
    private static readonly AsyncLocal<string?> s_number = new();

    /// <summary>The chain's number, to be named by callbacks; null where the application called.</summary>
    public static string? Number => s_number.Value;

    /// <inheritdoc/>
    public override string? Current => Number;

    /// <inheritdoc/>
    /// <exception cref="FormatException">The host sent something else than a number, a trust and callers.</exception>
    public override void Enter(string chain)
    {
        string[] parts = chain.Split(';');
        if (parts.Length != 3 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int trust))
        {
            throw new FormatException($"The host's chain '{chain}' is no number, trust and callers.");
        }

        PluginCaller? caller = null;
        foreach (string id in parts[2].Split(','))
        {
            caller = caller is null ? new PluginCaller(id, (TrustLevel)trust) : caller.Then(id, (TrustLevel)trust);
        }

        s_number.Value = parts[0];
        PluginCaller.SetCurrent(caller);
    }

    /// <inheritdoc/>
    public override void Leave()
    {
        s_number.Value = null;
        PluginCaller.SetCurrent(null);
    }
}
