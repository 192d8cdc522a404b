using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace PluginHost.Contracts;

/// <summary>What the host gives a plugin at its construction. Thread-safe; valid until the plugin's disposal.</summary>
public interface IPluginContext
{
    /// <summary>The plugin's id from its manifest.</summary>
    string PluginId { get; }

    /// <summary>The generation of this load: 1 at the first start, one more at every restart and reload.</summary>
    int Generation { get; }

    /// <summary>The manifest's <c>settings</c> with the operator's overrides applied: a JSON object, never null.</summary>
    JsonElement Settings { get; }

    /// <summary>A logger whose events reach the host's log with their template, properties and level.</summary>
    ILogger Logger { get; }

    /// <summary>A folder of the plugin's own, which exists and is kept over restarts and reloads. An absolute path.</summary>
    string DataFolder { get; }

    /// <summary>Cancelled when the plugin is asked to stop, before it is disposed.</summary>
    CancellationToken Stopping { get; }

    /// <summary>
    /// Gives a service of the host: a contract that the manifest's <c>uses</c> names and the policy grants, provided by the application or by
    /// another plugin. The same object each time; its calls fail with <see cref="Faults.PluginUnavailableException"/> once this plugin is stopped.
    /// </summary>
    /// <typeparam name="TContract">An interface marked <see cref="PluginContractAttribute"/>.</typeparam>
    /// <exception cref="Faults.PluginRefusedException">The manifest does not name it, or the policy does not grant it.</exception>
    /// <exception cref="Faults.PluginUnavailableException">Nobody provides it, or more than one plugin does.</exception>
    /// <exception cref="Faults.ContractMismatchException">The host has another major version of it.</exception>
    TContract GetHostService<TContract>()
        where TContract : class;
}

/// <summary>Implemented by a plugin that has work to do before its first call.</summary>
public interface IAsyncStartable
{
    /// <summary>Runs once after construction; no call arrives before it has ended. A fault here is a start failure.</summary>
    /// <param name="cancellationToken">Cancelled when the start's deadline ends or the plugin is stopped.</param>
    /// <returns>A task that ends when the plugin is ready.</returns>
    ValueTask StartAsync(CancellationToken cancellationToken);
}
