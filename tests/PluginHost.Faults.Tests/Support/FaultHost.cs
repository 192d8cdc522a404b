using System.Text.Json.Nodes;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Trust;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Faults.Tests.Support;

/// <summary>A host with the plugin that is broken and another, both copies of samples.faulty. Shared by the rows of one class.</summary>
public abstract class FaultHost : IAsyncLifetime
{
    internal const string VictimId = "faults.victim";
    internal const string NeighbourId = "faults.neighbour";

    // The limit of each wait for something that is to come of itself; none of them is measured.
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private const string TempVariable = "TMPDIR";

    // Rows that let time jump mean the victim's calls.
    private static readonly PluginOverrides s_neighbour = new() { Limits = new LimitOverrides { CallTimeout = TimeSpan.FromHours(1) } };
    private static readonly string[] s_kept = ["store", "demotions.json"];
    private readonly TempFolder _folder = new();
    private readonly string? _tempBefore = Environment.GetEnvironmentVariable(TempVariable);

    internal PluginRuntime Runtime { get; private set; } = null!;

    /// <summary>How long the neighbour's calls took each time before something was broken.</summary>
    internal List<double[]> Quiet { get; } = [];

    internal ShiftedClock Clock { get; } = new();

    internal ListLogger Logs { get; } = new();

    internal IFaulty Victim => Runtime.Get<IFaulty>(VictimId);

    internal IFaulty Neighbour => Runtime.Get<IFaulty>(NeighbourId);

    internal string Plugins => _folder["plugins"];

    internal string State => _folder["state"];

    internal string Temp => _folder["tmp"];

    internal string ModesFile => _folder["modes"];

    private protected virtual PluginTier Tier => PluginTier.Process;

    /// <summary>How many spares stand ready once all has settled.</summary>
    private protected virtual int Spares => 0;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Environment.SetEnvironmentVariable(TempVariable, _folder.Folder("tmp"));
        Copy(VictimId, Tier == PluginTier.InProcess ? "full" : "standard");
        Copy(NeighbourId, "standard");
        Runtime = await PluginRuntime.StartAsync(Change(new PluginRuntimeOptions
        {
            Directory = Plugins,
            StateFolder = State,
            ContractAssemblies = [typeof(IFaulty).Assembly],
            Clock = Clock,
            LoggerFactory = Logs,
            Spares = Spares > 0 ? new SpareOptions { RefillDelay = TimeSpan.FromMilliseconds(50) } : SpareOptions.None,
            Policy = new PluginPolicy
            {
                Development = Plugins,
                Plugins = new Dictionary<string, PluginOverrides> { [VictimId] = Override(new PluginOverrides()), [NeighbourId] = s_neighbour },
            },
        }));
        await WarmUpAsync();

        // Written by a thread of its own: what is counted from here on must find it.
        await UntilAsync(() => File.Exists(Path.Combine(State, "faults.jsonl")), "The first fault is in the journal");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Runtime is not null)
        {
            await Runtime.DisposeAsync();
        }

        Environment.SetEnvironmentVariable(TempVariable, _tempBefore);
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    internal PluginStatus Status(string id) => Runtime.Status.Single(s => s.Id == id);

    // The store keeps each version of a plugin that it has seen, once; the host remembers what plugins did to it.
    internal Holdings Hold() => Holdings.Of([Temp, .. Directory.EnumerateFileSystemEntries(State).Where(entry => !s_kept.Contains(Path.GetFileName(entry)))]);

    /// <summary>Lays the next starts' modes down: a line is taken by each start of the victim's worker.</summary>
    internal void NextStarts(params string[] modes) => File.WriteAllLines(ModesFile, modes);

    /// <summary>Waits until everything stands: both plugins, their spares, no past failure counted.</summary>
    internal async Task SettleAsync()
    {
        await Runtime.ResetAsync(VictimId);
        await UntilAsync(() => Status(VictimId).State == PluginState.Ready && Status(NeighbourId).State == PluginState.Ready, "Both plugins run again");
        await UntilAsync(() => Runtime.Spares is { Starting: 0 } spares && spares.Ready == Spares, "The spares stand ready again");
    }

    /// <summary>Waits for what comes of itself.</summary>
    internal async Task UntilAsync(Func<bool> isSo, string what, TimeSpan? within = null)
    {
        using CancellationTokenSource deadline = new(within ?? Patience);
        while (!isSo())
        {
            Assert.False(
                deadline.IsCancellationRequested,
                $"{what}: not so. {VictimId} is {Status(VictimId).State}: {Status(VictimId).Reasons[^1]}; the last lines of the log: {string.Join(" | ", Logs.Messages().TakeLast(6))}");
            await Task.Delay(10, CancellationToken.None);
        }
    }

    /// <summary>Lays out a copy of samples.faulty under an id.</summary>
    /// <returns>Its folder.</returns>
    internal string Copy(string id, string trust, Action<JsonNode>? change = null)
    {
        string target = _folder.CopyOf(Path.Combine(Place.Plugins, "samples.faulty"), Path.Combine("plugins", id));
        JsonNode manifest = JsonNode.Parse(File.ReadAllText(Path.Combine(target, "plugin.json")))!;
        manifest["id"] = id;
        manifest["trust"] = trust;
        change?.Invoke(manifest);
        File.WriteAllText(Path.Combine(target, "plugin.json"), manifest.ToJsonString());
        return target;
    }

    private protected virtual PluginRuntimeOptions Change(PluginRuntimeOptions options) => options;

    private protected virtual PluginOverrides Override(PluginOverrides overrides) =>
        overrides with { Limits = new LimitOverrides { CallTimeout = TimeSpan.FromMinutes(1) } };

    /// <summary>Crashes the victim once where it has a worker, so that what a host opens at its first crash is there before anything is counted.</summary>
    private protected virtual async Task WarmUpAsync()
    {
        await SettleAsync();
        await Assert.ThrowsAnyAsync<PluginException>(() => Task.Run(() => Victim.Exit(0)).WaitAsync(Patience));
        await UntilAsync(() => Status(VictimId) is { State: PluginState.Ready, Generation: 2 }, "The first restart");
        _ = Victim.Echo("warm");
        _ = Neighbour.Echo("warm");
    }
}
