using PluginHost.Cli.Checks;
using PluginHost.FixturePlugins;
using PluginHost.TestKit;

namespace PluginHost.Cli.Tests.Checks;

/// <summary>What the scan finds in an assembly that does everything it should not, and what it lets pass.</summary>
public sealed class PluginScanTests
{
    private static readonly Lazy<PluginScan> s_scan = new(() => PluginScan.Of(FixtureFolder.Of("Fixtures.Hostile"), "Fixtures.Hostile.dll", ["Fixtures.Contracts"], isUnloadable: true));

    [Theory]
    [InlineData("thread", "Error", "Threads.Foreground", "new Thread")]
    [InlineData("thread", "Warning", "Threads.Background", "new Thread")]
    [InlineData("thread", "Note", "Threads.Watching", "new Thread")]
    [InlineData("thread", "Warning", "Threads.LongRunning", "TaskFactory.StartNew")]
    [InlineData("timer", "Error", "Clock.Start", "new Timer")]
    [InlineData("timer", "Note", "TidyClock (constructor)", "new Timer")]
    [InlineData("timer", "Note", "Tickers.TickAsync", "new PeriodicTimer")]
    [InlineData("pool-wait", "Error", "Waits.Pool", "ThreadPool.RegisterWaitForSingleObject")]
    [InlineData("endless-delay", "Warning", "Waits.Endless", "Task.Delay")]
    [InlineData("token-registration", "Warning", "Waits.Dropped", "CancellationToken.Register")]
    [InlineData("token-registration", "Warning", "TidyRegistration.Forget", "CancellationToken.Register")]
    [InlineData("static-token", "Note", "Waits.s_source", "static CancellationTokenSource")]
    [InlineData("framework-event", "Error", "Events.Exit", "AppDomain.add_ProcessExit")]
    [InlineData("framework-event", "Error", "Events.Resolving", "AssemblyLoadContext.add_Resolving")]
    [InlineData("framework-event", "Error", "Events.Console_", "Console.add_CancelKeyPress")]
    [InlineData("framework-event", "Error", "Events.Unobserved", "TaskScheduler.add_UnobservedTaskException")]
    [InlineData("framework-event", "Note", "TidyEvents.Start", "AppDomain.add_FirstChanceException")]
    [InlineData("gc-handle", "Error", "Caches.Handle", "GCHandle.Alloc")]
    [InlineData("type-descriptor", "Warning", "Caches.Converter", "TypeDescriptor.GetConverter")]
    [InlineData("json-reflection", "Warning", "Caches.Json", "JsonSerializer.Serialize")]
    [InlineData("xml-serializer", "Error", "Caches.Xml", "new XmlSerializer")]
    [InlineData("dynamic", "Warning", "Caches.Dynamic", "Binder.GetMember")]
    [InlineData("dispatch-proxy", "Error", "Caches.Proxy", "DispatchProxy.Create")]
    [InlineData("interpreted-expression", "Warning", "Caches.Interpreted", "Expression<Func<Int32>>.Compile")]
    [InlineData("process-data", "Error", "Caches.Data", "AppDomain.SetData")]
    [InlineData("listener", "Error", "OwnEvents (constructor)", "new EventListener")]
    [InlineData("listener", "Error", "Listeners.Activities", "ActivitySource.AddActivityListener")]
    [InlineData("listener", "Error", "Listeners.Gauge", "Meter.CreateObservableGauge")]
    [InlineData("ambient-state", "Warning", "Listeners.Ambient", "AsyncLocal<String>.set_Value")]
    [InlineData("ambient-state", "Warning", "Listeners.Synchronization", "SynchronizationContext.SetSynchronizationContext")]
    [InlineData("load-outside", "Error", "Loads.File", "Assembly.LoadFile")]
    [InlineData("load-outside", "Error", "Loads.Bytes", "Assembly.Load")]
    [InlineData("load-outside", "Error", "Loads.From", "Assembly.LoadFrom")]
    [InlineData("load-outside", "Error", "Loads.Context", "new AssemblyLoadContext")]
    [InlineData("async-void", "Error", "Process_.Later", "async void")]
    [InlineData("exit", "Error", "Process_.Exit", "Environment.Exit")]
    [InlineData("exit", "Error", "Process_.InALambda (lambda)", "Environment.Exit")]
    [InlineData("exit", "Error", "Process_.InAnIterator", "Environment.FailFast")]
    [InlineData("exit", "Error", "Process_.InALocalFunction (End)", "Environment.Exit")]
    [InlineData("process-start", "Warning", "Process_.Start", "Process.Start")]
    [InlineData("process-state", "Warning", "Process_.State", "Environment.SetEnvironmentVariable")]
    [InlineData("process-handler", "Error", "Process_.Signals", "PosixSignalRegistration.Create")]
    [InlineData("process-handler", "Error", "Process_.Handler", "ExceptionHandling.SetUnhandledExceptionHandler")]
    [InlineData("thread-abort", "Error", "Process_.Abort", "Thread.Abort")]
    [InlineData("gc-collect", "Note", "Process_.Collect", "GC.Collect")]
    [InlineData("process-kill", "Error", "Killer.Kill", "Process.Kill")]
    [InlineData("pinvoke", "Warning", "Native.Pid", "libc!getpid")]
    [InlineData("pinvoke", "Warning", "Native.Variable", "libc!getenv")]
    [InlineData("native-process", "Error", "Native.End", "libc!_exit")]
    [InlineData("unsafe", "Warning", "Native.Pointer", "pointers")]
    [InlineData("unsafe", "Warning", "Native.Cast", "Unsafe.As")]
    [InlineData("private-reflection", "Error", "Looking.Private", "Type.GetField")]
    [InlineData("private-reflection", "Warning", "Looking.Unknown", "Type.GetField")]
    [InlineData("private-reflection", "Error", "Looking.ByName", "Type.GetType")]
    [InlineData("private-reflection", "Error", "Looking.Length", "UnsafeAccessor")]
    public void A_hostile_api_is_found_with_the_authors_name_of_the_method(string rule, string severity, string method, string api)
    {
        Finding[] there = [.. s_scan.Value.Own.Where(f => f.Rule == rule && f.Method == $"Fixtures.Hostile.{method}")];

        Assert.Contains(there, f => f.Api == api && f.Severity.ToString() == severity);
    }

    [Theory]
    [InlineData("Waits.Short")]
    [InlineData("TidyRegistration.Start")]
    [InlineData("Events.OwnUnloading")]
    [InlineData("Caches.GeneratedJson")]
    [InlineData("Caches.ForeignJson")]
    [InlineData("Caches.PlainXml")]
    [InlineData("Caches.Compiled")]
    [InlineData("Loads.Name")]
    [InlineData("Loads.CollectibleContext")]
    [InlineData("Native.SafeStack")]
    [InlineData("Looking.OwnPrivate")]
    [InlineData("Looking.Public")]
    public void What_does_no_harm_is_let_pass(string method) =>
        Assert.DoesNotContain(s_scan.Value.Own, f => f.Method == $"Fixtures.Hostile.{method}");

    [Fact]
    public void Only_what_the_fixture_does_is_found()
    {
        string[] types = ["Threads", "Clock", "TidyClock", "Tickers", "Waits", "TidyRegistration", "Events", "TidyEvents", "Caches", "OwnEvents", "Listeners", "Loads", "Process_", "Killer", "Native", "Looking"];

        Assert.All(s_scan.Value.Own, f => Assert.Contains(f.Method!.Split('.', ' ')[2], types));
        Assert.Empty(s_scan.Value.Unreadable);
        Assert.Empty(s_scan.Value.Libraries);
    }

    [Fact]
    public void A_finding_says_file_and_line() =>
        Assert.Matches(@"^Unloading\.cs:\d+$", s_scan.Value.Own.First(f => f.Method == "Fixtures.Hostile.Clock.Start").At);

    [Fact]
    public void What_only_keeps_a_plugin_in_memory_is_no_harm_to_one_that_is_never_unloaded()
    {
        PluginScan pinned = PluginScan.Of(FixtureFolder.Of("Fixtures.Hostile"), "Fixtures.Hostile.dll", ["Fixtures.Contracts"], isUnloadable: false);

        Assert.All(pinned.Own.Where(f => f.HostileTo == HostileTo.Unloading), f => Assert.Equal(Severity.Note, f.Severity));
        Assert.Contains(pinned.Own, f => f.Rule == "exit" && f.Severity == Severity.Error);
    }

    [Fact]
    public void A_damaged_assembly_is_scanned_or_told_and_never_ends_the_check()
    {
        using TempFolder folder = new();
        string file = folder["Fixtures.Hostile.dll"];
        byte[] whole = File.ReadAllBytes(Path.Combine(FixtureFolder.Of("Fixtures.Hostile"), "Fixtures.Hostile.dll"));
        int told = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            Random random = new(seed);
            byte[] damaged = [.. whole];
            for (int i = random.Next(1, 24); i > 0; i--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            folder.Write("Fixtures.Hostile.dll", "");
            File.WriteAllBytes(file, damaged);
            PluginScan scan = PluginScan.Of(Path.GetDirectoryName(file)!, "Fixtures.Hostile.dll", [], isUnloadable: true);
            told += scan.Unreadable.Count;
        }

        Assert.InRange(told, 1, 59);
    }

    [Fact]
    public void A_well_behaved_plugin_has_nothing_to_be_told()
    {
        PluginScan scan = PluginScan.Of(FixtureFolder.Of("Fixtures.Plain"), "Fixtures.Plain.dll", ["Fixtures.Contracts", "PluginHost.Contracts"], isUnloadable: true);

        Assert.Empty(scan.Own);
    }
}
