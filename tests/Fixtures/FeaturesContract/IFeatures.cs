using System.Buffers;
using PluginHost.Contracts;

namespace Fixtures.Features.Contract;

/// <summary>Everything that stays with its owner, in every place where it may stand.</summary>
[PluginContract]
public interface IFeatures
{
    Task<int> CountAsync(int to, IProgress<int>? progress, CancellationToken cancellationToken);

    int CountNow(int to, IProgress<Line> progress);

    Task KeepProgressAsync(IProgress<int> progress, CancellationToken cancellationToken);

    void ReportKept(int value);

    [Throws<OutOfNumbersException>]
    IAsyncEnumerable<int> Watch(int count, string? fault, CancellationToken cancellationToken);

    Task<IAsyncEnumerable<Line>?> OpenAsync(int count, CancellationToken cancellationToken);

    IAsyncEnumerable<int> Endless(CancellationToken cancellationToken);

    [CallPolicy(Timeout = "00:00:00.400")]
    IAsyncEnumerable<int> Stall(int after, CancellationToken cancellationToken);

    int Opened();

    int Finished();

    Task<int> SumAsync(IAsyncEnumerable<int>? numbers, CancellationToken cancellationToken);

    Task KeepNumbersAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken);

    Task<int> SumKeptAsync(CancellationToken cancellationToken);

    Task<int> SingAsync(IListener listener, int count, CancellationToken cancellationToken);

    Task<string> TakeAsync(IAsyncEnumerable<Line> lines, int count, CancellationToken cancellationToken);

    Task<ISession> OpenSessionAsync(string name, CancellationToken cancellationToken);

    ISession? FindSession(string name);

    Task<bool> IsMineAsync(ISession session, CancellationToken cancellationToken);

    int DisposedSessions();

    Task<string> AskAsync(IListener listener, string question, CancellationToken cancellationToken);

    void Keep(IListener? listener);

    Task<string> AskKeptAsync(string question, CancellationToken cancellationToken);

    ValueTask<string> AskOnceAsync([CallScoped] IListener listener, string question, CancellationToken cancellationToken);

    Task<IListener?> GiveBackAsync(CancellationToken cancellationToken);

    Task<byte[]?> FlipAsync(byte[]? bytes, CancellationToken cancellationToken);

    ReadOnlyMemory<byte> Reverse(ReadOnlyMemory<byte> bytes);

    Memory<byte> ReverseInPlace(Memory<byte> bytes);

    Task<IMemoryOwner<byte>?> OwnLaterAsync(int count, CancellationToken cancellationToken);

    IMemoryOwner<byte> Own(int count);

    int Disowned();

    Task<long> MeasureAsync(Stream? bytes, int most, CancellationToken cancellationToken);

    Task<Stream?> OpenBytesAsync(int count, CancellationToken cancellationToken);
}

/// <summary>An object that the plugin hands out.</summary>
[PluginContract]
public interface ISession : IAsyncDisposable
{
    Task<string> GreetAsync(string guest, CancellationToken cancellationToken);

    [Throws<OutOfNumbersException>]
    int Next();

    IAsyncEnumerable<string> Words(int count, CancellationToken cancellationToken);

    ValueTask<ISession> ForkAsync(CancellationToken cancellationToken);

    Task WaitAsync(CancellationToken cancellationToken);

    void Fail(string message);
}

/// <summary>An object that the application hands out.</summary>
[PluginContract]
public interface IListener
{
    [Throws<OutOfNumbersException>]
    Task<string> AskAsync(string question, CancellationToken cancellationToken);

    Task<int> HearAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken);
}

/// <summary>A line of text.</summary>
public sealed record Line(int Number, string Text);

/// <summary>A declared error.</summary>
public sealed class OutOfNumbersException(int last) : Exception($"There is no number after {last}.")
{
    /// <summary>The last number there was.</summary>
    public int Last { get; } = last;
}
