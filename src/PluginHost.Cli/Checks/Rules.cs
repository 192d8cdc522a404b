using PluginHost.Contracts;

namespace PluginHost.Cli.Checks;

/// <summary>The rules, in the order of <c>docs/check.md</c>: each way in which code keeps its own load context alive, then each way past the plugin's walls.</summary>
internal static class Rules
{
    public static readonly Rule Thread = Unloading("thread", Severity.Error, "A thread keeps the plugin loaded until it ends, and what it throws ends the application.",
        "Use Task.Run with IPluginContext.Stopping; a thread must be in the background, watch that token, and be joined in DisposeAsync.");

    public static readonly Rule Timer = Unloading("timer", Severity.Error, "A live timer keeps the plugin loaded.",
        "Keep it in a field and dispose it in DisposeAsync, or loop over Task.Delay with IPluginContext.Stopping.");

    public static readonly Rule PoolWait = Unloading("pool-wait", Severity.Error, "A registered wait keeps the plugin loaded until it is unregistered.",
        "Keep the handle and call Unregister in DisposeAsync, or await the event with IPluginContext.Stopping.");

    public static readonly Rule EndlessDelay = Unloading("endless-delay", Severity.Warning, "A delay or sleep without a token keeps the plugin loaded until it is over.",
        "Pass IPluginContext.Stopping, or the call's own token.");

    public static readonly Rule FrameworkEvent = Unloading("framework-event", Severity.Error, "A handler of an event that the process owns keeps the plugin loaded for ever.",
        "Use IPluginContext.Stopping or DisposeAsync in place of the event, or remove the handler in DisposeAsync.");

    public static readonly Rule GcHandle = Unloading("gc-handle", Severity.Error, "A handle keeps its object, and with it the plugin, until it is freed.",
        "Free it in a finally block, or use fixed or a Memory handle that is disposed.");

    public static readonly Rule TokenRegistration = Unloading("token-registration", Severity.Warning, "A registration on a token that outlives the plugin keeps the plugin loaded.",
        "Keep what Register returns and dispose it; dispose a linked source.");

    public static readonly Rule StaticToken = Unloading("static-token", Severity.Note, "A token or source in a static field outlives the call or the generation that it was made for.",
        "Hold it in the plugin's object and dispose it in DisposeAsync.");

    public static readonly Rule TypeDescriptor = Unloading("type-descriptor", Severity.Warning, "TypeDescriptor caches every type that it is asked about, for good where the host cannot give the plugin a copy of its own.",
        "Convert with your own code; the load report says whether the plugin gets its own System.ComponentModel.TypeConverter.");

    public static readonly Rule JsonReflection = Unloading("json-reflection", Severity.Warning, "Serialising by reflection leaves the plugin's types in caches of the process, which the host empties only when it finds that the plugin has stayed.",
        "Use a source-generated JsonSerializerContext and the overloads that take a JsonTypeInfo.");

    public static readonly Rule XmlSerializer = Unloading("xml-serializer", Severity.Error, "XmlSerializer of a collection or a generic type keeps what it generates for the life of the process.",
        "Serialise a class of your own that holds the collection, or use DataContractSerializer.");

    public static readonly Rule Dynamic = Unloading("dynamic", Severity.Warning, "The caches behind \"dynamic\" keep the plugin's types, for good where the host cannot give the plugin a copy of its own.",
        "Use an interface or a cast.");

    public static readonly Rule DispatchProxy = Unloading("dispatch-proxy", Severity.Error, "DispatchProxy keeps the types of its proxies for the life of the process.",
        "Write the class, or generate it at build time.");

    public static readonly Rule InterpretedExpression = Unloading("interpreted-expression", Severity.Warning, "An interpreted expression is cached by the process.",
        "Compile it without preferInterpretation.");

    public static readonly Rule Listener = Unloading("listener", Severity.Error, "A listener or an observable instrument is called by the process for as long as that lives.",
        "Dispose the listener or the Meter in DisposeAsync; use counters in place of observable instruments.");

    public static readonly Rule AmbientState = Unloading("ambient-state", Severity.Warning, "State that flows with the caller's thread stays there after the call.",
        "Set it only inside an async method, and set it back; pass values as arguments.");

    public static readonly Rule ProcessData = Unloading("process-data", Severity.Error, "What is put into the process's own tables stays there.",
        "Keep it in a field of the plugin.");

    public static readonly Rule LoadOutside = Unloading("load-outside", Severity.Error, "The assembly goes into a context that is never unloaded.",
        "Reference it, so that it is loaded into the plugin's context; or load it into a collectible AssemblyLoadContext of your own and unload that.");

    public static readonly Rule AsyncVoid = Isolation("async-void", Severity.Error, TrustLevel.Standard, "Nobody can await it: what it throws is unhandled and ends the process.",
        "Return Task, and await it.");

    public static readonly Rule Exit = Isolation("exit", Severity.Error, TrustLevel.Standard, "It ends the whole process, the application with it.",
        "Throw, and let the host decide.");

    public static readonly Rule ProcessStart = Isolation("process-start", Severity.Warning, TrustLevel.Standard, "Inside the application nobody ends the child when the plugin goes; a worker's children end with it.",
        "Run in a process of its own, and end the child in DisposeAsync.");

    public static readonly Rule ProcessKill = Isolation("process-kill", Severity.Error, TrustLevel.Untrusted, "It reaches into other processes of the same user, the host among them.",
        "End only what the plugin started itself.");

    public static readonly Rule PInvoke = Isolation("pinvoke", Severity.Warning, TrustLevel.Standard, "A fault in native code ends the application, and no exception tells of it.",
        "Use what the framework has, or run in a process of its own.");

    public static readonly Rule NativeProcess = Isolation("native-process", Severity.Error, TrustLevel.Untrusted, "It changes or ends the process behind the runtime's back, or reaches into others.",
        "Use the framework's own API, or leave it out.");

    public static readonly Rule Unsafe = Isolation("unsafe", Severity.Warning, TrustLevel.Standard, "Memory that is read or written past its end ends or corrupts the application.",
        "Use Span<T> and Memory<T>, or run in a process of its own.");

    public static readonly Rule PrivateReflection = Isolation("private-reflection", Severity.Error, TrustLevel.Standard, "It reaches into what the host or the framework keeps to itself, and breaks with their next release.",
        "Use the public API, or ask for one.");

    public static readonly Rule EngineReference = Isolation("engine-reference", Severity.Error, TrustLevel.Standard, "The host gives plugins PluginHost.Contracts and nothing else of its own.",
        "Reference PluginHost.Contracts and the contracts only.");

    public static readonly Rule ThreadAbort = Isolation("thread-abort", Severity.Error, TrustLevel.Standard, "It stops threads that are not the plugin's, or at a place that nobody expects.",
        "Use a CancellationToken.");

    public static readonly Rule ProcessState = Isolation("process-state", Severity.Warning, TrustLevel.Standard, "It changes a setting of the whole process.",
        "Take settings from IPluginContext, and pass values where they are needed.");

    public static readonly Rule ProcessHandler = Isolation("process-handler", Severity.Error, TrustLevel.Standard, "There is one for the whole process, and it is the application's.",
        "Leave signals and unhandled exceptions to the host.");

    public static readonly Rule GcCollect = Isolation("gc-collect", Severity.Note, TrustLevel.Full, "A forced collection stops every thread of the application.",
        "Leave it to the runtime.");

    /// <summary>All of them, in order.</summary>
    public static IReadOnlyList<Rule> All { get; } =
    [
        Thread, Timer, PoolWait, EndlessDelay, FrameworkEvent, GcHandle, TokenRegistration, StaticToken, TypeDescriptor, JsonReflection, XmlSerializer, Dynamic,
        DispatchProxy, InterpretedExpression, Listener, AmbientState, ProcessData, LoadOutside, AsyncVoid, Exit, ProcessStart, ProcessKill, PInvoke, NativeProcess,
        Unsafe, PrivateReflection, EngineReference, ThreadAbort, ProcessState, ProcessHandler, GcCollect,
    ];

    // Out of process the end of the process is the unload: what only keeps memory does not keep a plugin from standard trust.
    private static Rule Unloading(string id, Severity severity, string what, string instead) =>
        new(id, HostileTo.Unloading, severity, severity == Severity.Error ? TrustLevel.Standard : TrustLevel.Full, what, instead);

    private static Rule Isolation(string id, Severity severity, TrustLevel closest, string what, string instead) => new(id, HostileTo.Isolation, severity, closest, what, instead);
}
