namespace PluginHost.Architecture.Tests.Support;

/// <summary>A project of <c>src</c> as the design draws it.</summary>
/// <param name="Name">The project's and the assembly's name.</param>
/// <param name="References">The projects it may refer to directly.</param>
/// <param name="Rooms">Its folders in order: a room uses only rooms to its left. Null where the order is free, as long as there is no circle.</param>
internal sealed record Project(string Name, string[] References, string[]? Rooms)
{
    /// <summary>Projects that it lays beside itself and whose code it never uses.</summary>
    public string[] Ships { get; init; } = [];
}

/// <summary>The house: the one table that the tests hold the code against. A project may be missing until something fills it.</summary>
internal static class House
{
    private const string Contracts = "PluginHost.Contracts";
    private const string Generators = "PluginHost.Generators";
    private const string Rpc = "PluginHost.Rpc";
    private const string Loading = "PluginHost.Loading";
    private const string Telemetry = "PluginHost.Telemetry";
    private const string Worker = "PluginHost.Worker";
    private const string DumpReader = "PluginHost.DumpReader";
    private const string Runtime = "PluginHost.Runtime";
    private const string Hosting = "PluginHost.Hosting";
    private const string Dashboard = "PluginHost.Dashboard";
    private const string Cli = "PluginHost.Cli";

    public static Project[] Projects { get; } =
    [
        new(Contracts, [], ["Faults", "Invocation"]),
        new(Generators, [], ["Model", "Parsing", "Emitting", "Diagnostics"]),
        new(Rpc, [Contracts], ["Messages", "Codecs", "Framing", "Transport", "Payloads", "Leasing", "Connection", "WorkerProtocol"]),
        new(Loading, [Contracts], ["Unloading"]),
        new(Telemetry, [Contracts], ["Histograms", "Recording", "Export", "Advisor"]),
        new(Worker, [Rpc, Loading, Contracts], ["Sandbox"]),
        new(DumpReader, [], ["Memory", "Naming"]),
        new(Runtime, [Rpc, Loading, Telemetry, Contracts],
            ["Model", "Catalog", "Trust", "Store", "Resilience", "Services", "Tiers", "InProcess", "Processes", "OutOfProcess", "Control"]) { Ships = [Worker, DumpReader] },
        new(Hosting, [Runtime], null) { Ships = [Worker, DumpReader] },
        new(Dashboard, [Hosting], null),
        new(Cli, [Runtime, Hosting, Dashboard, "Samples.Contracts", "Bench.Contracts"], ["Checks", "Output", "Bench", "Commands"]) { Ships = [Worker, DumpReader] },
    ];

    /// <summary>Rooms of one project of which the first never uses the second, whatever the order says.</summary>
    public static (string Project, string Room, string Never)[] Strangers { get; } =
    [
        (Runtime, "Trust", "Catalog"),
        (Runtime, "InProcess", "OutOfProcess"),
        (Runtime, "OutOfProcess", "InProcess"),
        (Rpc, "Codecs", "Framing"),
        (Rpc, "Framing", "Codecs"),
    ];

    /// <summary>Interfaces with one implementation, and why they are there.</summary>
    public static Dictionary<string, string> LoneInterfaces { get; } = new()
    {
        ["PluginHost.Rpc.Leasing.ISequenceStep"] = "the engine, in another assembly, tells steps from calls by it",
        ["PluginHost.Runtime.Tiers.IInstanceObserver"] = "the tiers' rooms report to the root, which they may not use",
    };

    public static Project Find(string name) => Projects.Single(project => project.Name == name);

    /// <summary>The projects that are there, by name: what a theory runs over.</summary>
    public static TheoryData<string> Present => [.. Projects.Select(project => project.Name).Where(Repository.HasProject)];

    /// <summary>What a project may use: its references and theirs.</summary>
    public static IReadOnlySet<string> Reachable(string name)
    {
        HashSet<string> reachable = [];
        Queue<string> open = new(Find(name).References);
        while (open.TryDequeue(out string? next))
        {
            if (reachable.Add(next) && Projects.FirstOrDefault(project => project.Name == next) is { } project)
            {
                Array.ForEach(project.References, open.Enqueue);
            }
        }

        return reachable;
    }
}
