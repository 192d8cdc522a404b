using System.Reflection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Services;
using PluginHost.Runtime.Trust;

namespace PluginHost.Runtime;

/// <summary>How a <see cref="PluginRuntime"/> is started. Immutable; <see cref="Validate"/> returns all problems at once.</summary>
public sealed record PluginRuntimeOptions
{
    // What the system's timers can count, two of them added.
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(24);

    /// <summary>The folder whose subfolders are plugins. Required.</summary>
    public required string Directory { get; init; }

    /// <summary>
    /// The state folder of this host instance: policy, store, journal, flight recorder, control socket. One running host a folder.
    /// Null takes <c>$XDG_STATE_HOME/pluginhost/…</c> (one a plugins folder), and a numbered sibling while another host runs on it.
    /// </summary>
    public string? StateFolder { get; init; }

    /// <summary>The operator's policy file; null takes <c>pluginhost.json</c> of the state folder. Without a file every plugin is untrusted.</summary>
    public string? PolicyFile { get; init; }

    /// <summary>A policy built in code, in place of a file. Not together with <see cref="PolicyFile"/>.</summary>
    public PluginPolicy? Policy { get; init; }

    /// <summary>
    /// Assemblies that hold contracts, beside those that the application has loaded or references. The host is the only source of contracts.
    /// </summary>
    public IReadOnlyList<Assembly> ContractAssemblies { get; init; } = [];

    /// <summary>An operator's folder of contract assemblies, loaded into the application; null for none.</summary>
    public string? ContractsDirectory { get; init; }

    /// <summary>Ids of the plugins to run; null for all in the folder.</summary>
    public IReadOnlyCollection<string>? Only { get; init; }

    /// <summary>False reads and places the plugins and starts none of them; <see cref="PluginRuntime.StartAsync(string)"/> starts one. Default true.</summary>
    public bool StartPlugins { get; init; } = true;

    /// <summary>How calls are encoded to workers. Default <see cref="RpcCodec.MessagePack"/>; <see cref="RpcCodec.Json"/> is readable, for debugging.</summary>
    public RpcCodec Codec { get; init; } = RpcCodec.MessagePack;

    /// <summary>What carries calls to workers. Default <see cref="WorkerTransport.Auto"/>: rings in shared memory where the system has them.</summary>
    public WorkerTransport Transport { get; init; } = WorkerTransport.Auto;

    /// <inheritdoc cref="ProcessTierOptions.PayloadAreaBytes"/>
    public long PayloadAreaBytes { get; init; } = new ProcessTierOptions().PayloadAreaBytes;

    /// <inheritdoc cref="ProcessTierOptions.MaxPayloadBytes"/>
    public int MaxPayloadBytes { get; init; } = new ProcessTierOptions().MaxPayloadBytes;

    /// <summary>How many workers without a plugin stand ready, so that a restart takes milliseconds. Default one of each class, four at most.</summary>
    public SpareOptions Spares { get; init; } = new();

    /// <summary>True sends in-process calls' data through the codec and back, as a child process would. For tests. Default false.</summary>
    public bool RoundTripInProcess { get; init; }

    /// <summary>
    /// True proves an unload by forced collections when a plugin stops, at most once a minute. Default false: natural collections prove it,
    /// since three forced ones stop a 3 GiB application for 450 ms.
    /// </summary>
    public bool ForceUnloadProof { get; init; }

    /// <summary>
    /// True names what still holds a generation that a forced proof found in memory (<see cref="Tiers.UnloadResult.Holders"/>), from a dump of the application's own
    /// process, which stops it for as long as its memory takes to be written. For <c>check</c>, <c>inspect --unload</c> and an operator's search. Default false.
    /// </summary>
    public bool NameHolders { get; init; }

    /// <summary>
    /// True keeps the application alive where an exception leaves a thread, a timer, a pool item, an <c>async void</c> method or a finalizer of an in-process
    /// plugin: it is attributed to the plugin by its stack and recorded, and the plugin is quarantined. Every other unhandled exception ends the process as
    /// before. For an application that owns its process: the framework has one such handler
    /// (<see cref="System.Runtime.ExceptionServices.ExceptionHandling.SetUnhandledExceptionHandler"/>), which stays until the process ends; where other code
    /// has set it, the log says so (4010) and the runtime does without. Default false.
    /// </summary>
    public bool HandleUnhandledExceptions { get; init; }

    /// <summary>How long a stop or reload waits for calls in flight. 0 to 24 days. Default 30 s.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a plugin may take to start. Above zero, at most 24 days. Default 30 s.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a plugin's health check, or the answer of one that has none, may take when it takes another's place. Above zero, at most 24 days. Default 10 s.</summary>
    public TimeSpan HealthTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// True reloads a plugin whose folder has changed, as <see cref="PluginRuntime.ReloadAsync"/> does, once its <c>plugin.json</c> was written and nothing in the folder
    /// changes any more: write that file last. A folder that comes is taken as at a start; one that goes leaves what runs. Default false.
    /// </summary>
    public bool ReloadOnChange { get; init; }

    /// <summary>When a worker counts as hung. Defaults: unresponsive after 10 s, ended after 30 s.</summary>
    public HangOptions Hangs { get; init; } = new();

    /// <summary>When a synchronous call in-process counts as stuck, and how many threads a plugin may cost. Default: past its time; three.</summary>
    public StuckCallOptions StuckCalls { get; init; } = new();

    /// <summary>When exceptions and time-outs add up to a crash.</summary>
    public FaultRateOptions FaultRate { get; init; } = new();

    /// <summary>How fast plugins are restarted after failures, all taken together.</summary>
    public RestartRateOptions RestartRate { get; init; } = new();

    /// <summary>When an unload in-process that nobody forces to be proved counts as leaked. Default: after five collections of the oldest generation, 10 s at least.</summary>
    public UnloadOptions Unload { get; init; } = new();

    /// <summary>How much a plugin may do to the application before it runs out of process, where the policy allows that. Default: one death of the host.</summary>
    public DemotionOptions Demotion { get; init; } = new();

    /// <summary>What the application provides to plugins; <see cref="Provide{TContract}(TContract)"/> adds one. Default nothing.</summary>
    public IReadOnlyList<HostService> Services { get; init; } = [];

    /// <summary>
    /// How many plugins may call one through the other by host services, recursion included; the next call is refused. 1 to 64. Default 8.
    /// </summary>
    public int MaxServiceDepth { get; init; } = 8;

    /// <summary>Where logs go. Default nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock. Default the system's.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The seed of the back-off's jitter; null takes one from the clock.</summary>
    public int? JitterSeed { get; init; }

    /// <summary>Changes how workers are started, called and stopped, where an application's own options say nothing: for tests. Null changes nothing.</summary>
    internal Func<ProcessTierOptions, ProcessTierOptions>? Workers { get; init; }

    /// <summary>Gives options that provide one more service: one object for all plugins that may use it.</summary>
    /// <typeparam name="TContract">An interface marked <see cref="PluginContractAttribute"/>.</typeparam>
    /// <param name="service">The service; thread-safe. <see cref="PluginCaller.Current"/> tells it who calls.</param>
    /// <exception cref="ArgumentException"><typeparamref name="TContract"/> is no interface.</exception>
    public PluginRuntimeOptions Provide<TContract>(TContract service)
        where TContract : class
    {
        ArgumentNullException.ThrowIfNull(service);
        return Provide<TContract>(_ => service);
    }

    /// <summary>Gives options that provide one more service: an object for each start of each plugin that may use it.</summary>
    /// <typeparam name="TContract">An interface marked <see cref="PluginContractAttribute"/>.</typeparam>
    /// <param name="create">Makes the service for a plugin, told with its effective trust. Where it throws, the plugin goes without.</param>
    /// <exception cref="ArgumentException"><typeparamref name="TContract"/> is no interface.</exception>
    public PluginRuntimeOptions Provide<TContract>(Func<PluginCaller, TContract> create)
        where TContract : class
    {
        ArgumentNullException.ThrowIfNull(create);
        return typeof(TContract).IsInterface
            ? this with { Services = [.. Services, new HostService(typeof(TContract), create)] }
            : throw new ArgumentException($"{typeof(TContract)} is no interface. Provide the contract that plugins name in \"uses\": options.Provide<IContract>(…).");
    }

    /// <summary>All problems of these options at once; empty where there are none.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems =
        [
            .. FaultRate.Validate(), .. RestartRate.Validate(), .. Hangs.Validate(), .. Spares.Validate(), .. Unload.Validate(), .. Demotion.Validate(), .. StuckCalls.Validate(),
        ];
        if (string.IsNullOrWhiteSpace(Directory))
        {
            problems.Add("Directory is empty; expected the folder that holds the plugins.");
        }

        if (PolicyFile is not null && Policy is not null)
        {
            problems.Add($"PolicyFile is '{PolicyFile}' and Policy is set too; give one of them.");
        }

        if (DrainTimeout < TimeSpan.Zero || DrainTimeout > s_longest)
        {
            problems.Add($"DrainTimeout is {DrainTimeout:c}; expected zero to {s_longest:c}.");
        }

        if (StartTimeout <= TimeSpan.Zero || StartTimeout > s_longest)
        {
            problems.Add($"StartTimeout is {StartTimeout:c}; expected a time above zero and at most {s_longest:c}.");
        }

        if (HealthTimeout <= TimeSpan.Zero || HealthTimeout > s_longest)
        {
            problems.Add($"HealthTimeout is {HealthTimeout:c}; expected a time above zero and at most {s_longest:c}.");
        }

        if (ReloadOnChange && !string.IsNullOrWhiteSpace(Directory) && !System.IO.Directory.Exists(Directory))
        {
            problems.Add($"ReloadOnChange is set and Directory '{Directory}' does not exist: there is nothing to watch. Create it, or leave ReloadOnChange out.");
        }

        if (!Enum.IsDefined(Transport))
        {
            problems.Add($"Transport is {(int)Transport}; expected {string.Join(", ", Enum.GetNames<WorkerTransport>())}.");
        }

        if (ContractsDirectory is not null && !System.IO.Directory.Exists(ContractsDirectory))
        {
            problems.Add($"ContractsDirectory '{ContractsDirectory}' does not exist; create it or leave it out.");
        }

        if (MaxServiceDepth is < 1 or > 64)
        {
            problems.Add($"MaxServiceDepth is {MaxServiceDepth}; expected 1 to 64.");
        }

        foreach (IGrouping<Type, HostService> twice in Services.GroupBy(s => s.Contract).Where(g => g.Count() > 1))
        {
            problems.Add($"Services: {twice.First()} is provided {twice.Count()} times; provide it once.");
        }

        return problems;
    }
}
