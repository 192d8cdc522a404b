using PluginHost.DumpReader.Memory;

namespace PluginHost.DumpReader.Naming;

/// <summary>Events and other callbacks, and who listens to diagnostics.</summary>
internal static class EventRules
{
    private const string Unsubscribe = "Unsubscribe in DisposeAsync.";
    private const string Domain = "System.AppDomain";
    private const string Context = "System.Runtime.Loader.AssemblyLoadContext";
    private const string DefaultContext = "System.Runtime.Loader.DefaultAssemblyLoadContext";
    private const string OwnContext = "PluginHost.Loading.PluginLoadContext";

    // Where the framework keeps an event under another name than its own.
    private static readonly Dictionary<string, string> s_names = new()
    {
        ["System.AppContext.FirstChanceException"] = "AppDomain.FirstChanceException",
        ["System.AppContext.UnhandledException"] = "AppDomain.UnhandledException",
        ["System.AppContext.ProcessExit"] = "AppDomain.ProcessExit",
        [Context + ".AssemblyLoad"] = "AppDomain.AssemblyLoad",
        [Context + ".AssemblyResolve"] = "AppDomain.AssemblyResolve",
        [Context + ".TypeResolve"] = "AppDomain.TypeResolve",
        [Context + ".ResourceResolve"] = "AppDomain.ResourceResolve",
        ["System.Console.s_cancelCallbacks"] = "Console.CancelKeyPress",
        ["System.Threading.Tasks.TaskScheduler.UnobservedTaskException"] = "TaskScheduler.UnobservedTaskException",
    };

    public static IReadOnlyList<HolderRule> All { get; } =
    [
        new("static-event", c => c.BeginsAt(Domain + ".s_domain"), c => Handler($"AppDomain.{c.FieldOf(Domain)}", c), Unsubscribe),
        new("static-event", c => c.Passes(DefaultContext), c => Handler($"AssemblyLoadContext.Default.{Written(c.FieldOf(DefaultContext))}", c), Unsubscribe),
        new("own-context-event", c => c.Passes(OwnContext) && c.IsEvent(1), c => $"The event {Written(c.FieldOf(OwnContext))} of the plugin's own load context has a handler of the plugin: {c.End.Name}", Unsubscribe),
        new(
            "posix-signal",
            c => c.BeginsAt("System.Runtime.InteropServices.PosixSignalRegistration"),
            c => $"A registration for a signal of the system calls {c.End.InWords()}",
            "Dispose what PosixSignalRegistration.Create gives in DisposeAsync."),
        new(
            "trace-listener",
            c => c.Passes("System.Diagnostics.TraceListenerCollection"),
            c => $"Trace.Listeners holds a listener of the plugin: {c.End.InWords()}",
            "Call Trace.Listeners.Remove in DisposeAsync."),
        new(
            "meter",
            c => c.BeginsAt("System.Diagnostics.Metrics.Meter.s_allMeters"),
            c => $"A Meter with an observable instrument was not disposed, and calls {c.End.InWords()}",
            "Dispose the Meter in DisposeAsync."),
        new(
            "meter-listener",
            c => c.Touches("System.Diagnostics.Metrics.MeterListener"),
            c => $"A MeterListener was not disposed, and calls {c.End.InWords()}",
            "Dispose it in DisposeAsync."),
        new(
            "activity-listener",
            c => c.Passes("System.Diagnostics.ActivityListener"),
            c => $"An ActivityListener was not disposed, and calls {c.End.InWords()}",
            "Dispose it in DisposeAsync."),
        new(
            "event-listener",
            c => c.Touches("System.Diagnostics.Tracing.EventDispatcher") || c.BeginsAt("System.Diagnostics.Tracing.EventListener"),
            c => $"An EventListener was not disposed: {c.End.InWords()}",
            "Dispose it in DisposeAsync."),
        new(
            "diagnostic-listener",
            c => c.Touches("System.Diagnostics.DiagnosticListener"),
            c => $"A DiagnosticListener has a subscriber of the plugin: {c.End.InWords()}",
            "Dispose what Subscribe gives in DisposeAsync."),
        new(
            "static-event",
            c => c.Root.Kind == RootKind.Static && c.IsEvent(0),
            c => Handler(s_names.GetValueOrDefault(c.Root.Name, c.Root.Name), c),
            Unsubscribe),
    ];

    private static string Handler(string name, Chain chain) =>
        $"A static event of {(name == chain.Root.Name ? ChainLooks.Whose(name) : ChainLooks.Framework)} ({name}) has a handler of the plugin: {chain.End.Name}";

    // _resolving, for Resolving
    private static string Written(string? field) => field is { Length: > 1 } && field[0] == '_' ? char.ToUpperInvariant(field[1]) + field[2..] : field ?? "?";
}
