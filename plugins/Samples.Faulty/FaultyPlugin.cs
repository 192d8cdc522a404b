using System.Runtime.CompilerServices;
using PluginHost.Contracts;
using Samples.Contracts;

namespace Samples.Faulty;

/// <summary>Fails in every way that its contract names.</summary>
[Plugin]
public sealed partial class FaultyPlugin : IFaulty, IAsyncDisposable
{
    private readonly List<byte[]> _kept = [];
    private readonly Lock _lock = new();
    private int _started;
    private int _stopped;

    /// <inheritdoc/>
    public string Echo(string text) => text;

    /// <inheritdoc/>
    public int ProcessId() => Environment.ProcessId;

    /// <inheritdoc/>
    public async Task ThrowAsync(string message)
    {
        await Task.Yield();
        throw new InvalidOperationException(message, new FormatException("the inner reason"));
    }

    /// <inheritdoc/>
    public void ThrowNow(string message) => throw new InvalidOperationException(message);

    /// <inheritdoc/>
    public Task CancelUnaskedAsync() => Task.FromCanceled(new CancellationToken(canceled: true));

    /// <inheritdoc/>
    public void Exit(int code) => Environment.Exit(code);

    /// <inheritdoc/>
    public void FailFast(string message) => Environment.FailFast(message);

    /// <inheritdoc/>
    public void StackOverflow() => Descend(0);

    /// <inheritdoc/>
    public void ThreadException(string message)
    {
        Thread thread = new(() => throw new InvalidOperationException(message)) { Name = "faulty" };
        thread.Start();

        // The process ends while this waits, so that no caller sees the call succeed.
        thread.Join();
    }

    /// <inheritdoc/>
    public void AsyncVoid(string message) => ThrowWhereNobodyWaits(message);

    /// <inheritdoc/>
    public void Hang(int milliseconds, CancellationToken cancellationToken)
    {
        using ManualResetEventSlim never = new(initialState: false);
        never.Wait(milliseconds, CancellationToken.None);
    }

    /// <inheritdoc/>
    public async Task SleepAsync(int milliseconds, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _started);
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _stopped);
            throw;
        }
    }

    /// <inheritdoc/>
    public int StartedCalls() => Volatile.Read(ref _started);

    /// <inheritdoc/>
    public int StoppedCalls() => Volatile.Read(ref _stopped);

    /// <inheritdoc/>
    public int Allocate(int mebibytes)
    {
        for (int i = 0; i < mebibytes; i++)
        {
            byte[] block = GC.AllocateUninitializedArray<byte>(1024 * 1024);

            // Memory counts once its pages are touched.
            Array.Fill(block, (byte)1);
            lock (_lock)
            {
                _kept.Add(block);
            }
        }

        lock (_lock)
        {
            return _kept.Count;
        }
    }

    /// <inheritdoc/>
    public long FloodStdout(int mebibytes) => Output.Flood(mebibytes * 1024L * 1024L, Console.OpenStandardOutput());

    /// <inheritdoc/>
    public void PrintWithoutNewline(int bytes) => Output.OneEndlessLine(bytes);

    /// <inheritdoc/>
    public void PrintError(string text) => Console.Error.WriteLine(text);

    /// <inheritdoc/>
    public void PrintOut(string text) => Console.WriteLine(text);

    /// <inheritdoc/>
    public long FloodStderr(int mebibytes) => Output.Flood(mebibytes * 1024L * 1024L, Console.OpenStandardError());

    /// <inheritdoc/>
    public byte[] Bytes(int count) => new byte[count];

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    private static int Descend(int depth) => Descend(depth + 1) + depth;

    private static async void ThrowWhereNobodyWaits(string message)
    {
        await Task.Yield();
        throw new InvalidOperationException(message);
    }
}
