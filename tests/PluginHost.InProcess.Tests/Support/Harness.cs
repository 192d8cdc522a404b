using System.Text.Json;
using Fixtures.Contracts;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Invocation;
using PluginHost.FixturePlugins;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;

namespace PluginHost.InProcess.Tests.Support;

/// <summary>One plugin's guard and an in-process tier to start generations behind it, as the engine does.</summary>
internal sealed class Harness : IDisposable
{
    private readonly string _fixture;
    private readonly TestSite _site = new();
    private readonly InProcessTier _tier;
    private int _generation;

    public Harness(
        string fixture, InProcessOptions? options = null, Func<HolderQuestion, CancellationToken, Task<IReadOnlyList<string>>>? nameHolders = null)
    {
        _fixture = fixture;
        _tier = new InProcessTier(
            options ?? new InProcessOptions { ForceUnloadProof = true, ForcedProofEvery = TimeSpan.Zero },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            nameHolders);
        Guard = EchoContract.Instance.CreateGuard(_site);
    }

    public Guard Guard { get; }

    public IEcho Echo => (IEcho)Guard;

    public RecordingObserver Observer { get; } = new();

    public RecordingLogger Logger { get; } = new();

    public bool WasCut { get; private set; }

    public StartRequest Request(string settings = "{}", bool unloadable = true, ContractDescriptor? contract = null) => new()
    {
        Manifest = new PluginManifest
        {
            Id = _fixture,
            Version = "1.0.0",
            Name = _fixture,
            Entry = $"{_fixture}.dll",
            Contracts = [new ContractReference("Fixtures.Contracts.IEcho", 1)],
            Unloadable = unloadable,
        },
        Generation = ++_generation,
        Folder = FixtureFolder.Of(_fixture),
        DataFolder = Path.GetTempPath(),
        Settings = JsonElement.Parse(settings),
        Contracts = [contract ?? EchoContract.Instance],
        SharedAssemblies = new Dictionary<string, string> { ["Fixtures.Contracts"] = typeof(IEcho).Assembly.Location },
        Guards = [Guard],
        CutCalls = () =>
        {
            WasCut = true;
            _site.Revoke();
        },
        Observer = Observer,
        Logger = Logger,
    };

    public async Task<InProcessInstance> StartAsync(StartRequest? request = null, CancellationToken cancellationToken = default)
    {
        IPluginInstance instance = await _tier.StartAsync(request ?? Request(), cancellationToken);
        SetTarget(instance);
        return (InProcessInstance)instance;
    }

    public void Dispose() => _site.Dispose();

    private void SetTarget(IPluginInstance instance) => Guard.Target = instance.Target(EchoContract.Instance);
}
