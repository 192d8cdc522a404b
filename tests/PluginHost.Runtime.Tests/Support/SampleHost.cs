using System.Reflection;
using System.Text.Json.Nodes;
using Fixtures.Features.Contract;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Faults;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Trust;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests.Support;

/// <summary>A runtime over copies of the samples in a folder of the test's own, all in one tier.</summary>
internal sealed class SampleHost : IAsyncDisposable
{
    private readonly TempFolder _folder = new();

    private SampleHost()
    {
    }

    public PluginRuntime Runtime { get; private set; } = null!;

    public string Plugins => Path.Combine(_folder.Path, "plugins");

    public string State => Path.Combine(_folder.Path, "state");

    public const string Features = "fixtures.features";

    public static string Layout { get; } = Metadata("PluginsLayout");

    /// <summary>Starts the fixture that uses every feature of contracts.</summary>
    public static Task<SampleHost> StartFeaturesAsync(
        PluginTier tier,
        RpcCodec codec = RpcCodec.MessagePack,
        bool roundTrip = false,
        TimeSpan? drain = null,
        WorkerTransport transport = WorkerTransport.Socket,
        SpareMode spare = SpareMode.Warm) =>
        StartAsync(tier, codec, roundTrip, drain: drain, transport: transport, spare: spare, ids: [Features]);

    /// <summary>Starts the named samples in a tier; their manifests' trust is raised to what the tier needs.</summary>
    public static async Task<SampleHost> StartAsync(
        PluginTier tier,
        RpcCodec codec = RpcCodec.MessagePack,
        bool roundTrip = false,
        TimeSpan? callTimeout = null,
        ILoggerFactory? loggers = null,
        Action<JsonNode>? change = null,
        TimeSpan? drain = null,
        WorkerTransport transport = WorkerTransport.Auto,
        SpareMode spare = SpareMode.Warm,
        Func<PluginRuntimeOptions, PluginRuntimeOptions>? options = null,
        params string[] ids)
    {
        SampleHost host = new();
        foreach (string id in ids)
        {
            host.Copy(id, tier == PluginTier.InProcess ? "full" : "standard", change);
        }

        PluginRuntimeOptions usual = new()
        {
            Directory = host.Plugins,
            StateFolder = host.State,
            ContractAssemblies = [typeof(IMarkdown).Assembly, typeof(IFeatures).Assembly],
            DrainTimeout = drain ?? new PluginRuntimeOptions { Directory = host.Plugins }.DrainTimeout,
            Codec = codec,
            Transport = transport,
            RoundTripInProcess = roundTrip,
            LoggerFactory = loggers ?? NullLoggerFactory.Instance,
            Policy = new PluginPolicy
            {
                Development = host.Plugins,
                Plugins = ids.ToDictionary(
                    id => id,
                    _ => new PluginOverrides { Spare = spare, Limits = new LimitOverrides { CallTimeout = callTimeout } },
                    StringComparer.Ordinal),
            },
        };
        host.Runtime = await PluginRuntime.StartAsync(options?.Invoke(usual) ?? usual);
        return host;
    }

    /// <summary>Copies a laid-out sample into the test's folder, with another trust, and what else is changed, in its manifest.</summary>
    public void Copy(string id, string trust, Action<JsonNode>? change = null)
    {
        string target = _folder.CopyOf(id == Features ? Metadata("FeaturesPlugin") : Path.Combine(Layout, id), Path.Combine("plugins", id));
        string manifest = Path.Combine(target, "plugin.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(manifest))!;
        json["trust"] = trust;
        change?.Invoke(json);
        File.WriteAllText(manifest, json.ToJsonString());
    }

    /// <summary>Changes a plugin's manifest in the test's folder, in one step.</summary>
    public void Change(string id, Action<JsonNode> change)
    {
        string manifest = Path.Combine(Plugins, id, "plugin.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(manifest))!;
        change(json);
        string staged = Path.Combine(_folder.Path, "plugin.json");
        File.WriteAllText(staged, json.ToJsonString());
        File.Move(staged, manifest, overwrite: true);
    }

    private static string Metadata(string key) => typeof(SampleHost).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == key).Value!;

    public PluginStatus Status(string id) => Runtime.Status.Single(s => s.Id == id);

    public async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        _folder.Dispose();
    }
}
