using System.Text.Json;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts;

namespace PluginHost.Worker;

/// <summary>What the plugin gets at its construction.</summary>
internal sealed class PluginContext(string pluginId, int generation, string settingsJson, string dataFolder, ILogger logger, HostServices services, CancellationToken stopping) : IPluginContext
{
    private readonly Lock _lock = new();
    private object? _settings;

    /// <inheritdoc/>
    public string PluginId => pluginId;

    /// <inheritdoc/>
    public int Generation => generation;

    /// <inheritdoc/>
    public JsonElement Settings
    {
        get
        {
            lock (_lock)
            {
                return (JsonElement)(_settings ??= JsonElement.Parse(settingsJson));
            }
        }
    }

    /// <inheritdoc/>
    public ILogger Logger => logger;

    /// <inheritdoc/>
    public string DataFolder => dataFolder;

    /// <inheritdoc/>
    public CancellationToken Stopping => stopping;

    /// <inheritdoc/>
    public TContract GetHostService<TContract>()
        where TContract : class =>
        (TContract)services.Get(typeof(TContract));
}
