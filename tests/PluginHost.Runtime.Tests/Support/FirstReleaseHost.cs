using System.Text.Json.Nodes;
using FirstRelease.Contracts;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Trust;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.Support;

/// <summary>Today's host with the contract and the plugin of the first release, as they were compiled then: one for all tests of a class.</summary>
public abstract class FirstReleaseHost : IAsyncLifetime
{
    /// <summary>The plugin's id.</summary>
    public const string Id = "firstrelease.stock";

    private readonly TempFolder _folder = new();
    private readonly PluginTier _tier;
    private readonly bool _isUnloadable;
    private readonly Func<PluginRuntimeOptions, PluginRuntimeOptions> _change;

    private protected FirstReleaseHost(PluginTier tier, bool isUnloadable = true, Func<PluginRuntimeOptions, PluginRuntimeOptions>? change = null)
    {
        _tier = tier;
        _isUnloadable = isUnloadable;
        _change = change ?? (static options => options);
    }

    /// <summary>The host.</summary>
    public PluginRuntime Runtime { get; private set; } = null!;

    /// <summary>Where its plugins lie.</summary>
    public string Plugins => Path.Combine(_folder.Path, "plugins");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        string manifest = Path.Combine(_folder.CopyOf(Path.Combine(AppContext.BaseDirectory, "FirstRelease"), Path.Combine("plugins", Id)), "plugin.json");
        JsonNode json = JsonNode.Parse(await File.ReadAllTextAsync(manifest))!;
        json["unloadable"] = _isUnloadable;
        await File.WriteAllTextAsync(manifest, json.ToJsonString());
        PluginRuntimeOptions options = new PluginRuntimeOptions
        {
            Directory = Plugins,
            StateFolder = Path.Combine(_folder.Path, "state"),
            ContractAssemblies = [typeof(IStock).Assembly],
            Policy = new PluginPolicy
            {
                Development = Plugins,
                Plugins = new Dictionary<string, PluginOverrides> { [Id] = new() { Tier = _tier, Spare = SpareMode.None } },
            },
        }.Provide<IPrices>(_ => new Prices());
        Runtime = await PluginRuntime.StartAsync(_change(options));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private sealed class Prices : IPrices
    {
        public async Task<decimal> OfAsync(int id, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return id * 2.5m + (PluginCaller.Current is { Id: Id } ? 0 : 1000);
        }

        public string Currency() => "EUR";
    }
}

/// <summary>In the application, unloadable.</summary>
public sealed class UnloadableFirstRelease() : FirstReleaseHost(PluginTier.InProcess);

/// <summary>In the application, for good.</summary>
public sealed class PinnedFirstRelease() : FirstReleaseHost(PluginTier.InProcess, isUnloadable: false);

/// <summary>In the application, data through the codec and back.</summary>
public sealed class RoundTripFirstRelease() : FirstReleaseHost(PluginTier.InProcess, change: o => o with { RoundTripInProcess = true });

/// <summary>In a child process, over the ring where there is one.</summary>
public sealed class ProcessFirstRelease() : FirstReleaseHost(PluginTier.Process);

/// <summary>In a child process, in readable JSON over the socket.</summary>
public sealed class JsonFirstRelease() : FirstReleaseHost(PluginTier.Process, change: o => o with { Codec = RpcCodec.Json, Transport = WorkerTransport.Socket });
