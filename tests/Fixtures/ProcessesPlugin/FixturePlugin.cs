using Fixtures.Processes.Contract;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts;

namespace Fixtures.Processes.Plugin;

/// <summary>Behaves as told; its settings choose how it starts and stops.</summary>
[Plugin]
public sealed partial class FixturePlugin : IFixture, IAsyncStartable, IAsyncDisposable
{
    private static FileStream? s_lock;
    private static byte[]? s_memory;
    private readonly IPluginContext _context;

    public FixturePlugin(IPluginContext context)
    {
        _context = context;
        if (Setting("start") == "throw-in-constructor")
        {
            throw new InvalidOperationException("not in the mood");
        }
    }

    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        if (Setting("programs") == "start")
        {
            StartPrograms();
        }

        switch (Setting("start"))
        {
            case "once":
                string started = Path.Combine(_context.DataFolder, "started");
                if (File.Exists(started))
                {
                    Occupy(Setting("again"));
                    await Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None);
                }

                await File.WriteAllTextAsync(started, "1", CancellationToken.None);
                break;
            case "exit":
                Console.Error.WriteLine("last words before exit");
                Environment.Exit(7);
                break;
            case "throw":
                throw new InvalidOperationException("start refused");
            case "never":
                await Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None);
                break;
            case "overflow":
                StackOverflow(0);
                break;
            case "locked":
                // For one process at a time; and much memory, which its end takes a while to give back.
                s_lock = new FileStream(Path.Combine(_context.DataFolder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                s_memory = new byte[512 * 1024 * 1024];
                Array.Fill(s_memory, (byte)1);
                break;
            default:
                Occupy(Setting("start"));
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Setting("stop") == "overflow")
        {
            StackOverflow(0);
        }

        await File.AppendAllTextAsync(Path.Combine(_context.DataFolder, "disposed"), "1");
        Occupy(Setting("stop"));
        if (Setting("stop") == "never")
        {
            await Task.Delay(Timeout.InfiniteTimeSpan);
        }
    }

    public int Add(int left, int right) => left + right;

    public async ValueTask<int> AddLaterAsync(int left, int right, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return left + right;
    }

    public Task<string> EchoAsync(string text, CancellationToken cancellationToken) => Task.FromResult(text);

    public int ProcessId() => Environment.ProcessId;

    public string? Variable(string name) => Environment.GetEnvironmentVariable(name);

    public Task<string> DescribeAsync() =>
        Task.FromResult($"{_context.PluginId} {_context.Generation} {_context.DataFolder} {Setting("word")}");

    public void Throw(string message) => throw new InvalidOperationException(message);

    public Task<string> FindAsync(string name) => throw new NotThereException(name, 3);

    public Task CancelUnaskedAsync() => throw new OperationCanceledException("nobody asked");

    public void Exit(int code)
    {
        Console.Error.Write("exiting by myself");
        Environment.Exit(code);
    }

    public void FailFast(string message) => Environment.FailFast(message);

    public int StackOverflow(int depth) => StackOverflow(depth + 1) + StackOverflow(depth + 2);

    public void ThrowOnThread(string message)
    {
        Thread thread = new(() => throw new InvalidOperationException(message));
        thread.Start();
        thread.Join();
    }

    public void ThrowAsyncVoid(string message)
    {
        Run();

        // The process ends of what the method threw; this thread is not to return before.
        Thread.Sleep(Timeout.Infinite);

        async void Run()
        {
            await Task.Yield();
            throw new InvalidOperationException(message);
        }
    }

    public async Task WaitAsync(string marker, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(marker + ".began", "1", CancellationToken.None);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        finally
        {
            await File.WriteAllTextAsync(marker, "1", CancellationToken.None);
        }
    }

    public async Task HangAsync(string marker, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(marker, "1", CancellationToken.None);
        await Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None);
    }

    public void Spin(CancellationToken cancellationToken)
    {
        while (true)
        {
            Thread.SpinWait(1000);
        }
    }

    public Task<long> BlockAsync(int milliseconds)
    {
        Thread.Sleep(milliseconds);
        return Task.FromResult((long)milliseconds);
    }

    public void StarvePool(int items, int milliseconds)
    {
        for (int i = 0; i < items; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(time => Thread.Sleep(time), milliseconds, preferLocal: false);
        }
    }

    public long Allocate(int megabytes)
    {
        List<byte[]> kept = [];
        for (int i = 0; i < megabytes; i++)
        {
            kept.Add(GC.AllocateArray<byte>(1024 * 1024));
        }

        return kept.Sum(k => (long)k.Length);
    }

    public void Flood(int bytes, bool lines)
    {
        using Stream output = Console.OpenStandardOutput();
        byte[] block = new byte[64 * 1024];
        Array.Fill(block, (byte)'x');
        if (lines)
        {
            for (int i = 79; i < block.Length; i += 80)
            {
                block[i] = (byte)'\n';
            }
        }

        for (int left = bytes; left > 0; left -= block.Length)
        {
            output.Write(block, 0, Math.Min(left, block.Length));
        }
    }

    public void Print(string text) => Console.Write(text);

    public void PrintError(string text) => Console.Error.Write(text);

    public void Log(string name, int number) =>
        Greeted(_context.Logger, name, number, new InvalidOperationException("seen on the way"));

    public void LogMany(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Greeted(_context.Logger, "many", i, null);
        }
    }


    private string? Setting(string name) => _context.Settings.TryGetProperty(name, out System.Text.Json.JsonElement value) ? value.GetString() : null;

    [LoggerMessage(42, LogLevel.Warning, "Hello {Name}, number {Number}")]
    private static partial void Greeted(ILogger logger, string name, int number, Exception? exception);
}
