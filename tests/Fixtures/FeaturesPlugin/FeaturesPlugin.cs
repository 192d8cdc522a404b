using System.Runtime.CompilerServices;
using Fixtures.Features.Contract;
using PluginHost.Contracts;

namespace Fixtures.Features.Plugin;

/// <summary>Uses every feature, and counts what it opened and finished.</summary>
[Plugin]
public sealed partial class FeaturesPlugin : IFeatures
{
    private readonly Dictionary<string, Session> _sessions = [];
    private IProgress<int>? _progress;
    private IListener? _listener;
    private IAsyncEnumerable<int>? _numbers;
    private int _opened;
    private int _finished;
    private int _disposed;

    public async Task<int> CountAsync(int to, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        for (int i = 1; i <= to; i++)
        {
            if (i % 100 == 0)
            {
                await Task.Yield();
            }

            progress?.Report(i);
        }

        return to;
    }

    public int CountNow(int to, IProgress<Line> progress)
    {
        for (int i = 1; i <= to; i++)
        {
            progress.Report(new Line(i, $"line {i}"));
        }

        return to;
    }

    public Task KeepProgressAsync(IProgress<int> progress, CancellationToken cancellationToken)
    {
        _progress = progress;
        progress.Report(1);
        return Task.CompletedTask;
    }

    public void ReportKept(int value) => _progress!.Report(value);

    public async IAsyncEnumerable<int> Watch(int count, string? fault, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _opened);
        try
        {
            for (int i = 0; i < count; i++)
            {
                if (i % 2 == 1)
                {
                    await Task.Yield();
                }

                cancellationToken.ThrowIfCancellationRequested();
                yield return i;
            }

            switch (fault)
            {
                case "declared":
                    throw new OutOfNumbersException(count - 1);
                case not null:
                    throw new InvalidOperationException(fault);
            }
        }
        finally
        {
            Interlocked.Increment(ref _finished);
        }
    }

    public async Task<IAsyncEnumerable<Line>?> OpenAsync(int count, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return count < 0 ? null : LinesAsync(count, cancellationToken);
    }

    public IAsyncEnumerable<int> Endless(CancellationToken cancellationToken) => NumbersAsync(int.MaxValue, cancellationToken);

    public IAsyncEnumerable<int> Stall(int after, CancellationToken cancellationToken) => NumbersAsync(after, cancellationToken);

    public int Opened() => Volatile.Read(ref _opened);

    public int Finished() => Volatile.Read(ref _finished);

    public async Task<int> SumAsync(IAsyncEnumerable<int>? numbers, CancellationToken cancellationToken)
    {
        if (numbers is null)
        {
            return -1;
        }

        int sum = 0;
        await foreach (int number in numbers.WithCancellation(cancellationToken))
        {
            sum += number;
        }

        return sum;
    }

    public Task KeepNumbersAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken)
    {
        _numbers = numbers;
        return Task.CompletedTask;
    }

    public Task<int> SumKeptAsync(CancellationToken cancellationToken) => SumAsync(_numbers, cancellationToken);

    public Task<int> SingAsync(IListener listener, int count, CancellationToken cancellationToken) =>
        listener.HearAsync(Watch(count, null, cancellationToken), cancellationToken);

    public async Task<string> TakeAsync(IAsyncEnumerable<Line> lines, int count, CancellationToken cancellationToken)
    {
        List<string> taken = [];
        await foreach (Line line in lines.WithCancellation(cancellationToken))
        {
            taken.Add(line.Text);
            if (taken.Count == count)
            {
                break;
            }
        }

        return string.Join(' ', taken);
    }

    public async Task<ISession> OpenSessionAsync(string name, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return Open(name);
    }

    public ISession? FindSession(string name) => _sessions.GetValueOrDefault(name);

    public Task<bool> IsMineAsync(ISession session, CancellationToken cancellationToken) => Task.FromResult(session is Session own && _sessions.ContainsValue(own));

    public int DisposedSessions() => Volatile.Read(ref _disposed);

    public Task<string> AskAsync(IListener listener, string question, CancellationToken cancellationToken) => listener.AskAsync(question, cancellationToken);

    public void Keep(IListener? listener) => _listener = listener;

    public Task<string> AskKeptAsync(string question, CancellationToken cancellationToken) =>
        _listener is { } listener ? listener.AskAsync(question, cancellationToken) : Task.FromResult("nobody to ask");

    public async ValueTask<string> AskOnceAsync(IListener listener, string question, CancellationToken cancellationToken)
    {
        _listener = listener;
        return await listener.AskAsync(question, cancellationToken);
    }

    public Task<IListener?> GiveBackAsync(CancellationToken cancellationToken) => Task.FromResult(_listener);

    internal Session Open(string name) => _sessions[name] = new Session(this, name);

    internal void Disposed() => Interlocked.Increment(ref _disposed);

    private static async IAsyncEnumerable<Line> LinesAsync(int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 0; i < count; i++)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return new Line(i, $"line {i}");
        }
    }

    // After the last number it waits for its token, as a watcher of something quiet does.
    private async IAsyncEnumerable<int> NumbersAsync(int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _opened);
        try
        {
            for (int i = 0; i < count; i++)
            {
                await Task.Yield();
                yield return i;
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        finally
        {
            Interlocked.Increment(ref _finished);
        }
    }
}
