using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime.InProcess;

/// <summary>Runs a plugin's code that no caller waits inside of, on a thread of its own: what it blocks or leaves behind there is nobody else's.</summary>
internal static class PluginCode
{
    /// <summary>Runs code and then awaits the task it gave. The host's ambient state does not flow into the plugin.</summary>
    /// <param name="code">The code.</param>
    /// <param name="slot">Where its thread is counted in, for whoever asks later what the host died of; -1 for nowhere.</param>
    public static Task RunAsync(Func<Task> code, int slot = -1)
    {
        using AsyncFlowControl flow = ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow();
        return Task.Factory
            .StartNew(() => Run(code, slot), CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default)
            .Unwrap();
    }

    private static Task Run(Func<Task> code, int slot)
    {
        if (slot < 0)
        {
            return code();
        }

        ThreadBlocks.Enter(slot);
        try
        {
            return code();
        }
        finally
        {
            ThreadBlocks.Leave(slot);
            ThreadBlocks.GiveBack();
        }
    }
}
