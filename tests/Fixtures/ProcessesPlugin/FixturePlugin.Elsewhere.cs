using System.Runtime.CompilerServices;

namespace Fixtures.Processes.Plugin;

/// <content>What goes wrong where no call waits for it, and calls that keep their thread.</content>
public sealed partial class FixturePlugin
{
    private static readonly List<object> s_kept = [];

    public void ThrowElsewhere(string how, string message)
    {
        switch (how)
        {
            case "thread":
                new Thread(() => throw new InvalidOperationException(message)) { Name = "the fixture's own" }.Start();
                break;
            case "timer":
                s_kept.Add(new Timer(_ => throw new InvalidOperationException(message), null, 1, Timeout.Infinite));
                break;
            case "pool":
                ThreadPool.QueueUserWorkItem(_ => throw new InvalidOperationException(message));
                break;
            case "async-void":
                LaterAsync(message);
                break;
            case "finalizer":
                LeaveBehind(message);
                Collect();
                break;
            case "callback":
                // Wrapped by the framework, whose own frames are all that the outer exception has.
                CancellationTokenSource source = new();
                source.Token.Register(() => throw new InvalidOperationException(message));
                s_kept.Add(source);
                source.CancelAfter(1);
                break;
            case "task":
                Task failed = FailedTask(message);
                ((IAsyncResult)failed).AsyncWaitHandle.WaitOne();
                failed = Task.CompletedTask;
                Collect();
                break;
            case "throwing-text":
                new Thread(() => throw new TextException(hangs: false)).Start();
                break;
            case "hanging-text":
                new Thread(() => throw new TextException(hangs: true)).Start();
                break;
            case "often":
                for (int i = 0; i < 500; i++)
                {
                    ThreadPool.QueueUserWorkItem(_ => throw new InvalidOperationException(message));
                }

                break;
            case "late":
                // Outlives its generation: throws when the file is there that the message names.
                new Thread(() =>
                {
                    while (!File.Exists(message))
                    {
                        Thread.Sleep(5);
                    }

                    throw new InvalidOperationException("late");
                })
                { IsBackground = true }.Start();
                break;
            default:
                throw new ArgumentException($"There is no way '{how}'.", nameof(how));
        }
    }

    public void Hold(string marker)
    {
        while (!File.Exists(marker))
        {
            Thread.Sleep(5);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task FailedTask(string message) => Task.Run(() => throw new InvalidOperationException(message));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void LeaveBehind(string message) => _ = new Remains(message);

    private static void Collect()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private static async void LaterAsync(string message)
    {
        await Task.Yield();
        throw new InvalidOperationException(message);
    }

    private sealed class Remains(string message)
    {
        ~Remains() => Throw();

        private void Throw() => throw new InvalidOperationException(message);
    }

    private sealed class TextException(bool hangs) : Exception
    {
        public override string Message
        {
            get
            {
                if (hangs)
                {
                    Thread.Sleep(Timeout.Infinite);
                }

                throw new NotSupportedException("no text for you");
            }
        }
    }
}
