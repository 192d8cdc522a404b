namespace PluginHost.Runtime.InProcess;

/// <summary>Runs a plugin's code that no caller waits inside of, on a thread of its own: what it blocks or leaves behind there is nobody else's.</summary>
internal static class PluginCode
{
    /// <summary>Runs code and then awaits the task it gave. The host's ambient state does not flow into the plugin.</summary>
    public static Task RunAsync(Func<Task> code)
    {
        using AsyncFlowControl flow = ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow();
        return Task.Factory
            .StartNew(code, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default)
            .Unwrap();
    }
}
