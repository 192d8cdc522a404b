using System.Reflection;
using System.Text.Json.Nodes;
using Fixtures.Services.Contract;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Faults;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Trust;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.Support;

/// <summary>A plugin of a <see cref="RelayHost"/>: the fixture under an id, a trust and wishes of its own.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Trust">What it requests, and gets.</param>
/// <param name="Uses">The contracts its manifest asks for.</param>
internal sealed record Relay(string Id, string Trust, params string[] Uses)
{
    /// <summary>The operator's choices for it.</summary>
    public PluginOverrides Overrides { get; init; } = new();
}

/// <summary>A runtime over copies of the fixture that does everything through host services.</summary>
internal sealed class RelayHost : IAsyncDisposable
{
    public const string Journal = "Fixtures.Services.Contract.IJournal@1";
    public const string Next = "Fixtures.Services.Contract.IRelay@1";
    public const string Secrets = "Fixtures.Services.Contract.ISecrets@1";
    private static readonly string s_fixture = typeof(RelayHost).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "ServicesFixture").Value!;

    private readonly TempFolder _folder = new();

    private RelayHost()
    {
    }

    public PluginRuntime Runtime { get; private set; } = null!;

    public static async Task<RelayHost> StartAsync(
        Func<PluginRuntimeOptions, PluginRuntimeOptions> configure, RpcCodec codec = RpcCodec.MessagePack, ILoggerFactory? loggers = null, params Relay[] plugins)
    {
        RelayHost host = new();
        foreach (Relay plugin in plugins)
        {
            string manifest = Path.Combine(host._folder.CopyOf(s_fixture, Path.Combine("plugins", plugin.Id)), "plugin.json");
            JsonNode json = JsonNode.Parse(File.ReadAllText(manifest))!;
            json["id"] = plugin.Id;
            json["trust"] = plugin.Trust;
            json["uses"] = new JsonArray([.. plugin.Uses.Select(u => JsonValue.Create(u))]);
            File.WriteAllText(manifest, json.ToJsonString());
        }

        host.Runtime = await PluginRuntime.StartAsync(configure(new PluginRuntimeOptions
        {
            Directory = Path.Combine(host._folder.Path, "plugins"),
            StateFolder = Path.Combine(host._folder.Path, "state"),
            ContractAssemblies = [typeof(IRelay).Assembly],
            Codec = codec,
            LoggerFactory = loggers ?? NullLoggerFactory.Instance,
            Policy = new PluginPolicy
            {
                Development = Path.Combine(host._folder.Path, "plugins"),
                Plugins = plugins.ToDictionary(p => p.Id, p => p.Overrides, StringComparer.Ordinal),
            },
        }));
        return host;
    }

    public IRelay this[string id] => Runtime.Get<IRelay>(id);

    public string DataFile(string id, string name) => Path.Combine(Runtime.Inspect(id).DataFolder!, name);

    public async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        _folder.Dispose();
    }
}

/// <summary>The application's journal: says who wrote.</summary>
internal sealed class Journal : IJournal
{
    private int _waiting;
    private int _cancelled;

    /// <summary>What <see cref="Dive"/> calls.</summary>
    public Func<int, int>? Diver { get; set; }

    public int Waiting => Volatile.Read(ref _waiting);

    public int Cancelled => Volatile.Read(ref _cancelled);

    public string Write(string text) => $"{text} by {Caller()}";

    public async Task<string> WriteLaterAsync(string text, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return Write(text);
    }

    public async Task FailAsync(string how, CancellationToken cancellationToken)
    {
        if (how == "later")
        {
            await Task.Yield();
        }

        throw how == "declared" ? new JournalFullException("no page left", 7) : new InvalidOperationException("the pen broke");
    }

    public Task HangAsync(CancellationToken cancellationToken) => WaitAsync(cancellationToken);

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _cancelled);
            throw;
        }
    }

    public int Dive(int left) => Diver!(left);

    public static string Caller() => Contracts.PluginCaller.Current is { } caller ? $"{caller} ({caller.Trust})" : "nobody";
}
