using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Fixtures.Leaks.Contract;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Primitives;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Holders.Tests.Support;

/// <summary>An application that runs the leaking fixture, a generation in a context of its own for each kind of leak, through the generated guard.</summary>
internal sealed class LeakyHost : IAsyncDisposable
{
    private const string Captured = "captured-context";
    private const string Thrown = "thrown-exception";
    private readonly List<ParkedThread> _threads = [];
    private readonly ServiceProvider _services;
    private readonly CancellationTokenSource _configuration = new();
    private readonly InProcessTier _tier;
    private int _generation;

    /// <param name="nameHolders">As the tier takes it.</param>
    public LeakyHost(Func<HolderQuestion, CancellationToken, Task<IReadOnlyList<string>>>? nameHolders = null)
    {
        ServiceCollection services = new();
        services.AddLogging();
        _services = services.BuildServiceProvider();
        Application.Services = _services;
        Application.Activate = type => ActivatorUtilities.CreateInstance(_services, type);
        Application.ActivateInChild = type =>
        {
            ServiceCollection own = new();
            own.AddTransient(type);
            using ServiceProvider child = own.BuildServiceProvider();
            child.GetRequiredService(type);
        };
        Application.CreateLogger = type => _services.GetRequiredService<ILoggerFactory>().CreateLogger(type);
        Application.OnConfigurationChange = changed => ChangeToken.OnChange(() => new CancellationChangeToken(_configuration.Token), changed);
        _tier = new InProcessTier(new InProcessOptions { ForcedProofEvery = TimeSpan.Zero }, TimeProvider.System, NullLoggerFactory.Instance, nameHolders);
    }

    public static string Folder { get; } = typeof(LeakyHost).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(m => m.Key == "LeaksPlugin").Value!;

    /// <summary>Starts a generation, lets it do one thing on a thread of the application's that lives on, and stops it. Looks once whether it is gone, and forces nothing.</summary>
    public async Task<InProcessInstance> RunAsync(string kind)
    {
        ContractDescriptor contract = ContractDescriptor.FindAll(typeof(ILeaks).Assembly).Single();
        using LeaksSite site = new(contract);
        Guard guard = contract.CreateGuard(site);
        InProcessInstance instance = (InProcessInstance)await _tier.StartAsync(Request(contract, guard), CancellationToken.None);
        guard.Target = instance.Target(contract);
        ParkedThread thread = new(kind, livesOn: kind != Captured, () => Call(guard, kind));
        _threads.Add(thread);
        await thread.Called;
        await instance.StopAsync(TimeSpan.FromSeconds(5), CancellationToken.None);
        return instance;
    }

    /// <summary>Ends when a pool thread and a thread of the plugin's, which nobody waits for, have come to where they stay.</summary>
    public static Task BlockedAsync() => Task.WhenAll(Application.Blocked, Application.Looping).WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        _threads.ForEach(t => t.Dispose());
        await _services.DisposeAsync();
        _configuration.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Call(Guard guard, string kind)
    {
        try
        {
            ((ILeaks)guard).Leak(kind);
        }
        catch (PluginFaultException) when (kind == Thrown)
        {
            // As text; the plugin's own exception ended in the guard.
        }

        if (kind == Captured)
        {
            Application.Captured.Enqueue(ExecutionContext.Capture()!);
        }
    }

    private StartRequest Request(ContractDescriptor contract, Guard guard) => new()
    {
        Manifest = new PluginManifest
        {
            Id = "fixtures.leaks",
            Version = "1.0.0",
            Name = "Leaks",
            Entry = "Fixtures.Leaks.dll",
            Contracts = [new ContractReference(contract.Name, contract.Major)],
            Unloadable = true,
        },
        Generation = ++_generation,
        Folder = Folder,
        DataFolder = Path.GetTempPath(),
        Settings = JsonElement.Parse("{}"),
        Contracts = [contract],
        SharedAssemblies = new Dictionary<string, string> { ["Fixtures.Leaks.Contract"] = typeof(ILeaks).Assembly.Location },
        Guards = [guard],
        Observer = new IgnoringObserver(),
        Logger = NullLogger.Instance,
    };
}
