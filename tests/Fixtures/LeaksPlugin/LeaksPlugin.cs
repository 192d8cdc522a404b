using Fixtures.Leaks.Contract;
using PluginHost.Contracts;

namespace Fixtures.Leaks;

/// <summary>One method a way of keeping a context alive, and one a way that looks like it and is harmless.</summary>
[Plugin]
public sealed class LeaksPlugin : ILeaks
{
    private static readonly Dictionary<string, Action> s_kinds = new()
    {
        ["json"] = Reflecting.Json,
        ["type-descriptor"] = Reflecting.Describe,
        ["dynamic"] = Reflecting.CallDynamically,
        ["interpreted-expression"] = Reflecting.Interpret,
        ["dispatch-proxy"] = Reflecting.MakeProxy,
        ["xml-list"] = Reflecting.XmlOfList,
        ["timer"] = () => new Ticking().Start(),
        ["thread"] = () => new Looping().Start(),
        ["blocked-pool-item"] = () => new Looping().Block(),
        ["task-delay"] = () => _ = Waiting.DelayAsync(),
        ["periodic-timer"] = () => _ = Waiting.TickAsync(),
        ["cancel-after"] = Waiting.CancelLater,
        ["register-wait"] = () => new Waiting().Register(),
        ["process-exit"] = () => new Listening().ToExit(),
        ["assembly-resolve"] = Listening.ToAssemblyResolve,
        ["unhandled-exception"] = () => new Listening().ToUnhandledExceptions(),
        ["first-chance-exception"] = () => new Listening().ToFirstChanceExceptions(),
        ["unobserved-task"] = () => new Listening().ToUnobservedTasks(),
        ["default-resolving"] = () => new Listening().ToDefaultResolving(),
        ["own-resolving"] = () => new Listening().ToOwnResolving(),
        ["cancel-key"] = () => new Listening().ToCancelKey(),
        ["posix-signal"] = () => new Listening().ToSignal(),
        ["trace-listener"] = Tracing.AddListener,
        ["application-event"] = () => new Listening().ToApplication(),
        ["appdomain-data"] = Storing.InAppDomain,
        ["application-cache"] = Storing.InCache,
        ["application-cache-of-types"] = Storing.TypeInCache,
        ["thread-static"] = Storing.InThreadStatic,
        ["console-out"] = Storing.InConsole,
        ["token-register"] = () => new Tokens().Register(),
        ["linked-source"] = () => new Tokens().Link(),
        ["change-token"] = () => new Tokens().Watch(),
        ["semaphore-wait"] = () => _ = Tokens.WaitAsync(),
        ["infinite-delay-with-token"] = () => _ = Tokens.DelayAsync(),
        ["observable-meter"] = Tracing.Observe,
        ["activity-listener"] = Tracing.ListenToActivities,
        ["event-listener"] = Tracing.ListenToEvents,
        ["diagnostic-listener"] = Tracing.Subscribe,
        ["di-service"] = Injected.Service,
        ["di-enumerable"] = Injected.Enumerable,
        ["di-logger"] = Injected.Logger,
        ["gc-handle"] = Storing.InHandle,
        ["pinned-handle"] = Storing.InPinnedHandle,
        ["async-local"] = Ambient.SetLocal,
        ["captured-context"] = Ambient.SetLocal,
        ["synchronization-context"] = Ambient.SetSynchronizationContext,
        ["contextual-reflection"] = Ambient.EnterContextualReflection,
        ["json-source-generated"] = Harmless.JsonSourceGenerated,
        ["compiled-expression"] = Harmless.CompileExpression,
        ["regex"] = Harmless.MatchRegex,
        ["xml"] = Harmless.XmlOfType,
        ["data-contract"] = Harmless.DataContract,
        ["reflection-invoke"] = Harmless.Invoke,
        ["run-and-collect"] = Harmless.Emit,
        ["disposed-timer"] = Harmless.DisposeTimer,
        ["never-completing-await"] = () => _ = Harmless.AwaitForEverAsync(),
        ["file-watcher"] = Harmless.WatchFiles,
        ["meter"] = Harmless.Count,
        ["activity-source"] = Harmless.StartActivity,
        ["event-source"] = Harmless.WriteEvent,
        ["di-activator"] = Injected.Activate,
        ["di-child-provider"] = Injected.ActivateInChild,
        ["logger-by-type"] = Injected.LoggerByType,
        ["own-thread-static"] = Harmless.ThreadStatic,
        ["thread-local"] = Harmless.ThreadLocal,
        ["array-pool"] = Harmless.RentArray,
        ["nothing"] = static () => { },
    };

    /// <inheritdoc/>
    public void Leak(string kind) => s_kinds[kind]();
}
