using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>Threads for handlers that may block.</summary>
public sealed class HandlerThreadsTests
{
    private readonly HandlerThreads _threads = new("test");

    [Fact]
    public async Task Looking_adds_threads_while_nothing_begins_and_the_pool_takes_what_is_past_the_bound()
    {
        using ManualResetEventSlim gate = new();
        int begun = 0;
        for (int i = 0; i < 80; i++)
        {
            _threads.Queue(new Item(() =>
            {
                Interlocked.Increment(ref begun);
                gate.Wait(CancellationToken.None);
            }));
        }

        await Until.True(() => Volatile.Read(ref begun) == Math.Min(80, Environment.ProcessorCount));
        bool isWaiting = _threads.IsWaiting;

        await Until.True(() =>
        {
            _threads.Look();
            return !_threads.IsWaiting;
        });
        gate.Set();

        Assert.True(isWaiting);
        await Until.True(() => Volatile.Read(ref begun) == 80);
    }

    [Fact]
    public async Task A_free_thread_takes_what_comes_next()
    {
        HashSet<int> threads = [];
        for (int i = 0; i < 50; i++)
        {
            TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _threads.Queue(new Item(() =>
            {
                lock (threads)
                {
                    threads.Add(Environment.CurrentManagedThreadId);
                }

                done.SetResult();
            }));
            await Until.Ends(done.Task);
        }

        Assert.InRange(threads.Count, 1, Environment.ProcessorCount);
        Assert.False(_threads.IsWaiting);
    }

    private sealed class Item(Action work) : IThreadPoolWorkItem
    {
        public void Execute() => work();
    }
}
