namespace PluginHost.Cli.Checks;

/// <summary>The APIs that the rules are about, and how each call of one is judged. Pure.</summary>
internal static class ApiTable
{
    private const string Threading = "System.Threading.";
    private const string Diagnostics = "System.Diagnostics.";
    private const string Interop = "System.Runtime.InteropServices.";
    private const string Contexts = "System.Runtime.Loader.AssemblyLoadContext";

    private static readonly Dictionary<string, Func<Call, Scope, Judgement?>> s_calls = new(StringComparer.Ordinal)
    {
        [$"{Threading}Thread::.ctor"] = CallJudges.Thread,
        [$"{Threading}Tasks.TaskFactory::StartNew"] = CallJudges.LongRunning,
        [$"{Threading}Timer::.ctor"] = Undone(Rules.Timer, $"dispose {Threading}Timer"),
        [$"{Threading}PeriodicTimer::.ctor"] = Undone(Rules.Timer, $"dispose {Threading}PeriodicTimer"),
        ["System.Timers.Timer::.ctor"] = Undone(Rules.Timer, "dispose System.Timers.Timer"),
        ["System.TimeProvider::CreateTimer"] = Undone(Rules.Timer, $"dispose {Threading}ITimer"),
        [$"{Threading}ThreadPool::RegisterWaitForSingleObject"] = Undone(Rules.PoolWait, $"{Threading}RegisteredWaitHandle::Unregister"),
        [$"{Threading}ThreadPool::UnsafeRegisterWaitForSingleObject"] = Undone(Rules.PoolWait, $"{Threading}RegisteredWaitHandle::Unregister"),
        [$"{Threading}Tasks.Task::Delay"] = CallJudges.Delay,
        [$"{Threading}Thread::Sleep"] = CallJudges.Delay,
        [$"{Interop}GCHandle::Alloc"] = CallJudges.Handle,
        [$"{Interop}GCHandle`1::.ctor"] = Undone(Rules.GcHandle, $"dispose {Interop}GCHandle`1"),
        [$"{Interop}PinnedGCHandle`1::.ctor"] = Undone(Rules.GcHandle, $"dispose {Interop}PinnedGCHandle`1"),
        [$"{Interop}Marshal::GetFunctionPointerForDelegate"] = Always(Rules.GcHandle, Severity.Warning),
        [$"{Threading}CancellationToken::Register"] = CallJudges.Registration,
        [$"{Threading}CancellationToken::UnsafeRegister"] = CallJudges.Registration,
        [$"{Threading}CancellationTokenSource::CreateLinkedTokenSource"] = Undone(Rules.TokenRegistration, $"dispose {Threading}CancellationTokenSource"),
        ["System.Reflection.DispatchProxy::Create"] = Always(Rules.DispatchProxy),
        ["System.Xml.Serialization.XmlSerializer::.ctor"] = CallJudges.XmlSerializer,
        [$"{Diagnostics}Tracing.EventListener::.ctor"] = Undone(Rules.Listener, $"dispose {Diagnostics}Tracing.EventListener"),
        [$"{Diagnostics}ActivitySource::AddActivityListener"] = Undone(Rules.Listener, $"dispose {Diagnostics}ActivityListener"),
        [$"{Diagnostics}Metrics.MeterListener::.ctor"] = Undone(Rules.Listener, $"dispose {Diagnostics}Metrics.MeterListener"),
        [$"{Diagnostics}Metrics.Meter::CreateObservableCounter"] = Undone(Rules.Listener, $"dispose {Diagnostics}Metrics.Meter"),
        [$"{Diagnostics}Metrics.Meter::CreateObservableGauge"] = Undone(Rules.Listener, $"dispose {Diagnostics}Metrics.Meter"),
        [$"{Diagnostics}Metrics.Meter::CreateObservableUpDownCounter"] = Undone(Rules.Listener, $"dispose {Diagnostics}Metrics.Meter"),
        [$"{Diagnostics}DiagnosticListener::get_AllListeners"] = Undone(Rules.Listener, "dispose System.IDisposable"),
        [$"{Diagnostics}TraceListenerCollection::Add"] = Undone(Rules.Listener, $"{Diagnostics}TraceListenerCollection::Remove"),
        [$"{Threading}AsyncLocal`1::set_Value"] = Always(Rules.AmbientState),
        [$"{Threading}SynchronizationContext::SetSynchronizationContext"] = Always(Rules.AmbientState),
        [$"{Threading}Thread::set_CurrentPrincipal"] = Always(Rules.AmbientState),
        ["System.Globalization.CultureInfo::set_CurrentCulture"] = Always(Rules.AmbientState),
        ["System.Globalization.CultureInfo::set_CurrentUICulture"] = Always(Rules.AmbientState),
        [$"{Contexts}::EnterContextualReflection"] = Undone(Rules.AmbientState, $"dispose {Contexts}+ContextualReflectionScope"),
        ["System.AppDomain::SetData"] = Always(Rules.ProcessData),
        ["System.AppContext::SetData"] = Always(Rules.ProcessData),
        [$"{Threading}Thread::AllocateNamedDataSlot"] = Undone(Rules.ProcessData, $"{Threading}Thread::FreeNamedDataSlot"),
        ["System.Reflection.Assembly::LoadFile"] = Always(Rules.LoadOutside),
        ["System.Reflection.Assembly::LoadFrom"] = Always(Rules.LoadOutside),
        ["System.Reflection.Assembly::UnsafeLoadFrom"] = Always(Rules.LoadOutside),
        ["System.Reflection.Assembly::Load"] = CallJudges.LoadBytes,
        ["System.AppDomain::Load"] = CallJudges.LoadBytes,
        ["System.Activator::CreateInstanceFrom"] = Always(Rules.LoadOutside),
        [$"{Contexts}::.ctor"] = CallJudges.Context,
        [$"{Contexts}::LoadFromAssemblyPath"] = CallJudges.LoadIntoDefault,
        [$"{Contexts}::LoadFromStream"] = CallJudges.LoadIntoDefault,
        ["System.Environment::Exit"] = Always(Rules.Exit),
        ["System.Environment::FailFast"] = Always(Rules.Exit),
        [$"{Diagnostics}Process::Start"] = Always(Rules.ProcessStart),
        [$"{Diagnostics}Process::Kill"] = Undone(Rules.ProcessKill, $"{Diagnostics}Process::Start"),
        [$"{Diagnostics}Process::CloseMainWindow"] = Undone(Rules.ProcessKill, $"{Diagnostics}Process::Start"),
        [$"{Diagnostics}Process::EnterDebugMode"] = Always(Rules.ProcessKill),
        [$"{Interop}NativeLibrary::Load"] = Always(Rules.PInvoke),
        [$"{Interop}NativeLibrary::TryLoad"] = Always(Rules.PInvoke),
        [$"{Interop}Marshal::GetDelegateForFunctionPointer"] = Always(Rules.PInvoke),
        [$"{Threading}Thread::Abort"] = Always(Rules.ThreadAbort),
        [$"{Threading}Thread::Suspend"] = Always(Rules.ThreadAbort),
        [$"{Threading}Thread::Resume"] = Always(Rules.ThreadAbort),
        [$"{Threading}Thread::Interrupt"] = Always(Rules.ThreadAbort, Severity.Warning),
        ["System.Runtime.ControlledExecution::Run"] = Always(Rules.ThreadAbort),
        [$"{Interop}PosixSignalRegistration::Create"] = Always(Rules.ProcessHandler),
        ["System.Runtime.ExceptionServices.ExceptionHandling::SetUnhandledExceptionHandler"] = Always(Rules.ProcessHandler),
        ["System.GC::Collect"] = Always(Rules.GcCollect),
        ["System.GC::WaitForPendingFinalizers"] = Always(Rules.GcCollect),
    };

    private static readonly HashSet<string> s_processState = new(StringComparer.Ordinal)
    {
        "System.Environment::SetEnvironmentVariable", "System.Environment::set_CurrentDirectory", "System.Environment::set_ExitCode", "System.IO.Directory::SetCurrentDirectory",
        "System.Console::SetOut", "System.Console::SetError", "System.Console::SetIn", "System.Console::ReadLine", "System.Console::ReadKey", "System.Console::OpenStandardInput",
        "System.Globalization.CultureInfo::set_DefaultThreadCurrentCulture", "System.Globalization.CultureInfo::set_DefaultThreadCurrentUICulture",
        "System.Threading.ThreadPool::SetMinThreads", "System.Threading.ThreadPool::SetMaxThreads", "System.AppContext::SetSwitch",
        "System.Runtime.GCSettings::set_LatencyMode", "System.GC::TryStartNoGCRegion", "System.GC::AddMemoryPressure",
        "System.Diagnostics.Process::set_PriorityClass", "System.Diagnostics.Process::set_ProcessorAffinity", "System.AppDomain::SetPrincipalPolicy",
    };

    private static readonly Dictionary<string, Rule> s_types = new(StringComparer.Ordinal)
    {
        ["System.ComponentModel.TypeDescriptor"] = Rules.TypeDescriptor,
        ["Microsoft.CSharp.RuntimeBinder.Binder"] = Rules.Dynamic,
        ["System.Runtime.CompilerServices.Unsafe"] = Rules.Unsafe,
        [$"{Interop}NativeMemory"] = Rules.Unsafe,
    };

    /// <summary>Judges a call; null where no rule is about it.</summary>
    public static Judgement? Judge(Call call, Scope scope)
    {
        if (scope.Own.Contains(call.Type.Assembly))
        {
            return null;
        }

        if (s_calls.TryGetValue(call.Key, out Func<Call, Scope, Judgement?>? judge))
        {
            return judge(call, scope);
        }

        if (s_types.TryGetValue(call.Type.Name, out Rule? rule))
        {
            return new Judgement(rule, rule.Severity);
        }

        return s_processState.Contains(call.Key)
            ? new Judgement(Rules.ProcessState, Rules.ProcessState.Severity)
            : CallJudges.Event(call) ?? CallJudges.Reflection(call, scope) ?? CallJudges.Json(call, scope) ?? CallJudges.Expression(call) ?? CallJudges.Memory(call);
    }

    private static Func<Call, Scope, Judgement?> Always(Rule rule, Severity? severity = null) => (_, _) => new Judgement(rule, severity ?? rule.Severity);

    private static Func<Call, Scope, Judgement?> Undone(Rule rule, string undo) => (_, _) => new Judgement(rule, rule.Severity, undo);
}
