namespace PluginHost.Rpc.Connection;

/// <summary>A thread that comes into being when it is needed first, and ends when it was not needed for a while. Thread-safe.</summary>
/// <param name="name">The thread's name.</param>
internal sealed class OutboxThread(string name)
{
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(5);
    private readonly object _lock = new();
    private Action? _work;
    private bool _isRunning;
    private bool _hasEnded;

    /// <summary>Runs something on the thread; nothing after <see cref="End"/>. Not while something given before has not begun.</summary>
    public void Run(Action work)
    {
        lock (_lock)
        {
            if (_hasEnded)
            {
                return;
            }

            _work = work;
            if (_isRunning)
            {
                Monitor.Pulse(_lock);
                return;
            }

            _isRunning = true;
        }

        new Thread(Loop) { IsBackground = true, Name = name }.UnsafeStart();
    }

    /// <summary>Ends the thread once it has nothing to do. Does not wait.</summary>
    public void End()
    {
        lock (_lock)
        {
            _hasEnded = true;
            Monitor.Pulse(_lock);
        }
    }

    private void Loop()
    {
        while (TryTake(out Action? work))
        {
            work!();
        }
    }

    private bool TryTake(out Action? work)
    {
        lock (_lock)
        {
            bool wasIdle = false;
            while (_work is null && !_hasEnded && !wasIdle)
            {
                wasIdle = !Monitor.Wait(_lock, s_idle);
            }

            work = _work;
            _work = null;
            _isRunning = work is not null && !_hasEnded;
            return _isRunning;
        }
    }
}
