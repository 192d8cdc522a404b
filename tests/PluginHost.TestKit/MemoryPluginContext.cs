using System.Text.Json;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;

namespace PluginHost.TestKit;

/// <summary>A plugin's context without a host, for tests of a plugin's own logic.</summary>
public sealed class MemoryPluginContext : IPluginContext, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<Type, object> _services = [];

    /// <summary>Creates one.</summary>
    /// <param name="dataFolder">An existing folder.</param>
    /// <param name="settings">A JSON object.</param>
    public MemoryPluginContext(string dataFolder, string settings = "{}")
    {
        DataFolder = dataFolder;
        Settings = JsonSerializer.Deserialize<JsonElement>(settings);
    }

    /// <inheritdoc/>
    public string PluginId { get; init; } = "tests.plugin";

    /// <inheritdoc/>
    public int Generation { get; init; } = 1;

    /// <inheritdoc/>
    public JsonElement Settings { get; }

    /// <summary>What the plugin logged.</summary>
    public ListLogger Log { get; } = new();

    /// <inheritdoc/>
    public ILogger Logger => Log;

    /// <inheritdoc/>
    public string DataFolder { get; }

    /// <inheritdoc/>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Provides a host service; another one of the same contract takes its place.</summary>
    public MemoryPluginContext Provide<TContract>(TContract service)
        where TContract : class
    {
        _services[typeof(TContract)] = service;
        return this;
    }

    /// <inheritdoc/>
    public TContract GetHostService<TContract>()
        where TContract : class =>
        _services.TryGetValue(typeof(TContract), out object? service)
            ? (TContract)service
            : throw new PluginUnavailableException($"The test provides no {typeof(TContract)}.", new PluginFault(PluginId, FaultKind.Unavailable));

    /// <summary>Asks the plugin to stop.</summary>
    public void Stop() => _stopping.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();
}
