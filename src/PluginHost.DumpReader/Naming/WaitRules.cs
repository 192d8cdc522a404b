using PluginHost.DumpReader.Memory;

namespace PluginHost.DumpReader.Naming;

/// <summary>Ambient state, and what waits: timers, tokens, handles, the pool's queue.</summary>
internal static class WaitRules
{
    /// <summary>The kind of an ambient value.</summary>
    public const string AsyncLocal = "async-local";

    /// <summary>The kind of what a value was set by; it says less than the value.</summary>
    public const string AsyncLocalKey = "async-local-key";

    private const string SetBack = "Set it back to null before the method ends, or set it in an async method, which sets it back by itself.";
    private const string Timer = "System.Threading.TimerQueueTimer";
    private const string Token = "System.Threading.CancellationTokenSource";
    private const string Registration = "System.Threading.CancellationTokenSource.CallbackNode";
    private const string Delay = "System.Threading.Tasks.Task.DelayPromise";
    private const string DelayWithToken = "System.Threading.Tasks.Task.DelayPromiseWithCancellation";
    private const string TimedWait = "System.Threading.Tasks.Task.CancellationPromise";
    private const string Ambient = "System.Threading.ExecutionContext";

    public static IReadOnlyList<HolderRule> All { get; } =
    [
        new(
            "contextual-reflection",
            c => IsAmbient(c) && c.End.Kind == EndKind.Context,
            c => $"The scope of a contextual reflection, which the plugin entered, was left open {Where(c)}",
            "Dispose what AssemblyLoadContext.EnterContextualReflection gives before the method ends."),
        new(
            AsyncLocalKey,
            c => IsAmbient(c) && c.End.Name.StartsWith("System.Threading.AsyncLocal<", StringComparison.Ordinal),
            c => $"An AsyncLocal that the plugin set is still set {Where(c)}: {c.End.InWords()}",
            SetBack),
        new(
            AsyncLocal,
            IsAmbient,
            c => $"An AsyncLocal that the plugin set is still set {Where(c)}: {c.End.InWords()}",
            SetBack),
        new(
            "synchronization-context",
            c => c.Steps is [.., { Type: "System.Threading.Thread", Field: "_synchronizationContext" }],
            c => $"The SynchronizationContext of a thread of the application is the plugin's: {c.End.InWords()}",
            "Set the one that was there before the method ends."),
        new(
            "task-delay",
            c => c.LeadsFrom(Timer, Delay) || c.LeadsFrom(Timer, DelayWithToken),
            c => $"A Task.Delay that has not ended is awaited by {c.End.InWords()}",
            "Give it IPluginContext.Stopping, and let the method end when that is cancelled."),
        new(
            "periodic-timer",
            c => c.LeadsFrom(Timer, "System.Threading.PeriodicTimer"),
            c => $"A PeriodicTimer that was not disposed is awaited by {c.End.InWords()}",
            "Give WaitForNextTickAsync IPluginContext.Stopping, or dispose the timer in DisposeAsync."),
        new(
            "cancel-after",
            c => c.LeadsFrom(Timer, Token),
            c => $"A CancellationTokenSource with a time-out was not disposed, and calls {c.End.InWords()}",
            "Dispose the source when what it limits has ended."),
        new(
            "timed-wait",
            c => c.LeadsFrom(Timer, TimedWait),
            c => $"A wait with a time-out has not ended: {c.End.InWords()}",
            "Give it IPluginContext.Stopping too, and let the method end when that is cancelled."),
        new(
            "timer",
            c => c.LeadsFrom(Timer),
            c => $"A timer that was not disposed calls {c.End.InWords()}",
            "Dispose it in DisposeAsync."),
        new(
            "change-token",
            c => c.LeadsFrom(Registration, "Microsoft.Extensions.Primitives.ChangeToken"),
            c => $"A change token of the application ({Origin(c)}) calls {c.End.InWords()}",
            "Dispose what ChangeToken.OnChange gives in DisposeAsync."),
        new(
            "linked-source",
            c => c.LeadsFrom(Registration) && c.Steps.Any(s => s.Type.StartsWith(Token + ".Linked", StringComparison.Ordinal)),
            c => $"A source that is linked to a token of the application ({Origin(c)}) was not disposed, and calls {c.End.InWords()}",
            "Dispose what CreateLinkedTokenSource gives in DisposeAsync."),
        new(
            "token-wait",
            c => c.LeadsFrom(Registration) && (c.End.Kind == EndKind.AsyncMethod || c.LeadsFrom(Registration, TimedWait) || c.LeadsFrom(Registration, DelayWithToken)),
            c => $"A wait that only a token of the application ({Origin(c)}) would end is awaited by {c.End.InWords()}",
            "Wait with IPluginContext.Stopping, or with the token of the call."),
        new(
            "token-registration",
            c => c.LeadsFrom(Registration),
            c => $"A token of the application ({Origin(c)}) calls {c.End.InWords()} when it is cancelled",
            "Dispose what Register gives in DisposeAsync."),
        new(
            "registered-wait",
            c => c.LeadsFrom("System.Threading.RegisteredWaitHandle"),
            c => $"A registered wait of the thread pool calls {c.End.InWords()}",
            "Call Unregister on what ThreadPool.RegisterWaitForSingleObject gives, in DisposeAsync."),
        new(
            "queued-pool-item",
            c => c.Touches("System.Threading.ThreadPoolWorkQueue"),
            c => $"An item that waits in the thread pool's queue calls {c.End.InWords()}",
            "Await what the plugin has queued before DisposeAsync ends."),
    ];

    // What lies between a context and a value is the map alone; a value of the application's that leads on is another matter.
    private static bool IsAmbient(Chain chain) => chain.Passes(Ambient)
        && chain.Behind(Ambient).All(s => s.Type.StartsWith("System.Threading.AsyncLocalValueMap", StringComparison.Ordinal) || s.Type.StartsWith("System.Collections.Generic.", StringComparison.Ordinal));

    private static string Where(Chain chain) => chain.Steps[0].Type == "System.Threading.Thread"
        ? "on a thread of the application"
        : chain.Passes(Timer) ? "in what a timer has captured"
        : $"in what the application has captured ({Origin(chain)})";

    // The field that holds the source; where that is a static one there is no step before it.
    private static string Origin(Chain chain)
    {
        Step? holder = chain.Steps.TakeWhile(s => !s.Type.StartsWith(Token, StringComparison.Ordinal) && s.Type != Ambient).LastOrDefault(s => s.Field is not null && ChainLooks.Whose(s.Type) == ChainLooks.Application);
        return holder is not null ? $"{holder.Type}.{holder.Field}" : chain.Root.Name.Length > 0 ? chain.Root.Name : chain.Steps[0].Type;
    }
}
