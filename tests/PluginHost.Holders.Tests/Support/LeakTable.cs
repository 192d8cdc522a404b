namespace PluginHost.Holders.Tests.Support;

/// <summary>
/// The leak matrix: what a plugin may do, whether it goes from memory all the same, and what a person reads where it does not. A kind that the engine learns
/// to free changes its row to <see cref="Fate.Freed"/> and loses its text.
/// </summary>
internal static class LeakTable
{
    public static IReadOnlyList<LeakKind> Rows { get; } =
    [
        // Parts of the framework that look into types and remember them.
        new("json", Fate.Freed),
        new("type-descriptor", Fate.Freed),
        new("dynamic", Fate.Freed),
        new("interpreted-expression", Fate.Named, "Interpreted expressions remember types of the plugin. Call Compile() in place of Compile(preferInterpretation: true)."),
        new("dispatch-proxy", Fate.Named, "DispatchProxy has made a type for the plugin, which stays for ever. Write the proxy as a class."),
        new("xml-list", Fate.Named, "XmlSerializer remembers a list or another generic type over types of the plugin. Use DataContractSerializer, or give XmlSerializer a class of the plugin in place of the list."),

        // What goes on: timers, threads, waits.
        new("timer", Fate.Named, "A timer that was not disposed calls Fixtures.Leaks.Ticking.OnTick. Dispose it in DisposeAsync."),
        new("thread", Fate.Named, "A thread (thread N 'leaks-loop') is in Fixtures.Leaks.Looping.Loop, inside System.Threading.ManualResetEventSlim.Wait. Let it end when IPluginContext.Stopping is cancelled, and join it in DisposeAsync."),
        new("blocked-pool-item", Fate.Named, "A thread of the pool (thread N '.NET TP Worker') is in Fixtures.Leaks.Looping.Blocked, inside System.Threading.ManualResetEventSlim.Wait, and has not come back. Await in place of blocking, and end when IPluginContext.Stopping is cancelled."),
        new("task-delay", Fate.Named, "A Task.Delay that has not ended is awaited by the async method Fixtures.Leaks.Waiting.DelayAsync. Give it IPluginContext.Stopping, and let the method end when that is cancelled."),
        new("periodic-timer", Fate.Named, "A PeriodicTimer that was not disposed is awaited by the async method Fixtures.Leaks.Waiting.TickAsync. Give WaitForNextTickAsync IPluginContext.Stopping, or dispose the timer in DisposeAsync."),
        new("cancel-after", Fate.Named, "A CancellationTokenSource with a time-out was not disposed, and calls a lambda in Fixtures.Leaks.Waiting.CancelLater. Dispose the source when what it limits has ended."),
        new("register-wait", Fate.Named, "A registered wait of the thread pool calls Fixtures.Leaks.Waiting.OnSignal. Call Unregister on what ThreadPool.RegisterWaitForSingleObject gives, in DisposeAsync."),

        // Events of the framework and of the application.
        new("process-exit", Fate.Named, "A static event of the framework (AppDomain.ProcessExit) has a handler of the plugin: Fixtures.Leaks.Listening.OnExit. Unsubscribe in DisposeAsync."),
        new("assembly-resolve", Fate.Named, "A static event of the framework (AppDomain.AssemblyResolve) has a handler of the plugin: a lambda in Fixtures.Leaks.Listening.ToAssemblyResolve. Unsubscribe in DisposeAsync."),
        new("unhandled-exception", Fate.Named, "A static event of the framework (AppDomain.UnhandledException) has a handler of the plugin: Fixtures.Leaks.Listening.OnUnhandled. Unsubscribe in DisposeAsync."),
        new("first-chance-exception", Fate.Named, "A static event of the framework (AppDomain.FirstChanceException) has a handler of the plugin: Fixtures.Leaks.Listening.OnFirstChance. Unsubscribe in DisposeAsync."),
        new("unobserved-task", Fate.Named, "A static event of the framework (TaskScheduler.UnobservedTaskException) has a handler of the plugin: Fixtures.Leaks.Listening.OnUnobserved. Unsubscribe in DisposeAsync."),
        new("default-resolving", Fate.Named, "A static event of the framework (AssemblyLoadContext.Default.Resolving) has a handler of the plugin: Fixtures.Leaks.Listening.OnResolving. Unsubscribe in DisposeAsync."),
        new("own-resolving", Fate.Named, "The event Resolving of the plugin's own load context has a handler of the plugin: Fixtures.Leaks.Listening.OnResolving. Unsubscribe in DisposeAsync."),
        new("cancel-key", Fate.Named, "A static event of the framework (Console.CancelKeyPress) has a handler of the plugin: Fixtures.Leaks.Listening.OnCancelKey. Unsubscribe in DisposeAsync."),
        new("posix-signal", Fate.Named, "A registration for a signal of the system calls Fixtures.Leaks.Listening.OnSignal. Dispose what PosixSignalRegistration.Create gives in DisposeAsync."),
        new("application-event", Fate.Named, "A static event of the application (Fixtures.Leaks.Contract.Application.Changed) has a handler of the plugin: Fixtures.Leaks.Listening.OnChanged. Unsubscribe in DisposeAsync."),

        // Who listens to diagnostics.
        new("trace-listener", Fate.Named, "Trace.Listeners holds a listener of the plugin: an object of Fixtures.Leaks.Tracing.LineListener. Call Trace.Listeners.Remove in DisposeAsync."),
        new("observable-meter", Fate.Named, "A Meter with an observable instrument was not disposed, and calls a lambda in Fixtures.Leaks.Tracing.Observe. Dispose the Meter in DisposeAsync."),
        new("meter-listener", Fate.Named, "A MeterListener was not disposed, and calls a lambda in Fixtures.Leaks.Tracing.ListenToMeters. Dispose it in DisposeAsync."),
        new("activity-listener", Fate.Named, "An ActivityListener was not disposed, and calls a lambda in Fixtures.Leaks.Tracing.ListenToActivities. Dispose it in DisposeAsync."),
        new("event-listener", Fate.Named, "An EventListener was not disposed: an object of Fixtures.Leaks.Tracing.QuietEventListener. Dispose it in DisposeAsync."),
        new("diagnostic-listener", Fate.Named, "A DiagnosticListener has a subscriber of the plugin: an object of Fixtures.Leaks.Tracing.QuietObserver. Dispose what Subscribe gives in DisposeAsync."),

        // Places that hold whatever is put there.
        new("appdomain-data", Fate.Named, "AppDomain.SetData has stored an object of Fixtures.Leaks.Person. Set it to null in DisposeAsync."),
        new("application-cache", Fate.Named, "A static field of the application (Fixtures.Leaks.Contract.Application.Cache) leads to an object of Fixtures.Leaks.Person. Take it away from there in DisposeAsync."),
        new("application-cache-of-types", Fate.Named, "A static field of the application (Fixtures.Leaks.Contract.Application.Cache) leads to the type Fixtures.Leaks.Person. Take it away from there in DisposeAsync."),
        new("thread-static", Fate.Named, "A [ThreadStatic] field of the application (Fixtures.Leaks.Contract.Application.t_current) holds an object of Fixtures.Leaks.Person. Set it back on the same thread, before the method ends."),
        new("console-out", Fate.Named, "The console writes to, or reads from, an object of Fixtures.Leaks.Storing.QuietWriter. Give Console.SetOut, SetError or SetIn back what was there, in DisposeAsync."),
        new("gc-handle", Fate.Named, "A GCHandle holds an object of Fixtures.Leaks.Person. Call Free on it in DisposeAsync."),
        new("pinned-handle", Fate.Named, "A pinned GCHandle holds an object of Fixtures.Leaks.Storing.Point[]. Call Free on it in DisposeAsync."),

        // Tokens of the application.
        new("token-register", Fate.Named, "A token of the application (Fixtures.Leaks.Contract.Application.Stopping) calls Fixtures.Leaks.Tokens.OnStopping when it is cancelled. Dispose what Register gives in DisposeAsync."),
        new("linked-source", Fate.Named, "A source that is linked to a token of the application (Fixtures.Leaks.Contract.Application.Stopping) was not disposed, and calls Fixtures.Leaks.Tokens.OnStopping. Dispose what CreateLinkedTokenSource gives in DisposeAsync."),
        new("change-token", Fate.Named, "A change token of the application (PluginHost.Holders.Tests.Support.LeakyHost._configuration) calls Fixtures.Leaks.Tokens.OnStopping. Dispose what ChangeToken.OnChange gives in DisposeAsync."),
        new("semaphore-wait", Fate.Named, "A wait that only a token of the application (Fixtures.Leaks.Contract.Application.Stopping) would end is awaited by the async method Fixtures.Leaks.Tokens.WaitAsync. Wait with IPluginContext.Stopping, or with the token of the call."),
        new("infinite-delay-with-token", Fate.Named, "A wait that only a token of the application (Fixtures.Leaks.Contract.Application.Stopping) would end is awaited by the async method Fixtures.Leaks.Tokens.DelayAsync. Wait with IPluginContext.Stopping, or with the token of the call."),

        // The application's provider of services.
        new("di-service", Fate.Named, Provider),
        new("di-enumerable", Fate.Named, Provider),
        new("di-logger", Fate.Named, Provider),

        // Ambient state of the caller's thread.
        new("async-local", Fate.Named, "An AsyncLocal that the plugin set is still set on a thread of the application: an object of Fixtures.Leaks.Person. Set it back to null before the method ends, or set it in an async method, which sets it back by itself."),
        new("captured-context", Fate.Named, "An AsyncLocal that the plugin set is still set in what the application has captured (Fixtures.Leaks.Contract.Application.Captured): an object of Fixtures.Leaks.Person. Set it back to null before the method ends, or set it in an async method, which sets it back by itself."),
        new("synchronization-context", Fate.Named, "The SynchronizationContext of a thread of the application is the plugin's: an object of Fixtures.Leaks.Ambient.QuietContext. Set the one that was there before the method ends."),
        new("contextual-reflection", Fate.Named, "The scope of a contextual reflection, which the plugin entered, was left open on a thread of the application. Dispose what AssemblyLoadContext.EnterContextualReflection gives before the method ends."),

        // What looks like one of these and is none.
        new("json-source-generated", Fate.Harmless),
        new("compiled-expression", Fate.Harmless),
        new("regex", Fate.Harmless),
        new("xml", Fate.Harmless),
        new("data-contract", Fate.Harmless),
        new("reflection-invoke", Fate.Harmless),
        new("run-and-collect", Fate.Harmless),
        new("disposed-timer", Fate.Harmless),
        new("never-completing-await", Fate.Harmless),
        new("file-watcher", Fate.Harmless),
        new("thrown-exception", Fate.Harmless),
        new("meter", Fate.Harmless),
        new("activity-source", Fate.Harmless),
        new("event-source", Fate.Harmless),
        new("di-activator", Fate.Harmless),
        new("di-child-provider", Fate.Harmless),
        new("logger-by-type", Fate.Harmless),
        new("own-thread-static", Fate.Harmless),
        new("thread-local", Fate.Harmless),
        new("array-pool", Fate.Harmless),
        new("nothing", Fate.Harmless),
    ];

    private const string Provider =
        "The application's IServiceProvider remembers types of the plugin that it was asked for. Let the plugin have a provider of its own, disposed in DisposeAsync, or make its objects with ActivatorUtilities.";
}
