namespace PluginHost.Holders.Tests.Support;

/// <summary>A thread of the application's that makes one call and then, where it is to, lives on with whatever the call has left on it.</summary>
internal sealed class ParkedThread : IDisposable
{
    private readonly ManualResetEventSlim _end = new();
    private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;

    public ParkedThread(string name, bool livesOn, Action call)
    {
        if (!livesOn)
        {
            _end.Set();
        }

        _thread = new Thread(() => Run(call), maxStackSize: 256 * 1024) { IsBackground = true, Name = name };
        _thread.UnsafeStart();
    }

    /// <summary>Ends with the call; faults with what it threw.</summary>
    public Task Called => _called.Task;

    public void Dispose()
    {
        _end.Set();
        _thread.Join();
        _end.Dispose();
    }

    private void Run(Action call)
    {
        try
        {
            call();
            _called.SetResult();
        }
        catch (Exception thrown)
        {
            _called.SetException(thrown);
        }

        _end.Wait();
    }
}
