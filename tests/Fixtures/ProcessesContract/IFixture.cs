using System.Buffers;
using PluginHost.Contracts;

namespace Fixtures.Processes.Contract;

/// <summary>One method a way to behave, good and bad.</summary>
[PluginContract]
public interface IFixture
{
    int Add(int left, int right);

    ValueTask<int> AddLaterAsync(int left, int right, CancellationToken cancellationToken);

    Task<string> EchoAsync(string text, CancellationToken cancellationToken);

    int ProcessId();

    string? Variable(string name);

    /// <summary>What the context said at construction: id, generation, data folder, a setting.</summary>
    Task<string> DescribeAsync();

    void Throw(string message);

    [Throws<NotThereException>]
    Task<string> FindAsync(string name);

    Task CancelUnaskedAsync();

    void Exit(int code);

    void FailFast(string message);

    int StackOverflow(int depth);

    void ThrowOnThread(string message);

    void ThrowAsyncVoid(string message);

    /// <summary>Waits until its token is cancelled, then writes <paramref name="marker"/>.</summary>
    Task WaitAsync(string marker, CancellationToken cancellationToken);

    /// <summary>Writes <paramref name="marker"/>, then never ends, whatever its token says.</summary>
    Task HangAsync(string marker, CancellationToken cancellationToken);

    /// <summary>Loops for ever, whatever its token says.</summary>
    void Spin(CancellationToken cancellationToken);

    /// <summary>Holds a thread for a time, whatever becomes of the plugin, and gives that time back.</summary>
    Task<long> BlockAsync(int milliseconds);

    /// <summary>Gives the thread pool as many work items as that, each of which blocks for a time.</summary>
    void StarvePool(int items, int milliseconds);

    /// <summary>Allocates until something gives.</summary>
    long Allocate(int megabytes);

    void Flood(int bytes, bool lines);

    void Print(string text);

    void PrintError(string text);

    void Log(string name, int number);

    void LogMany(int count);

    /// <summary>Does something to the memory shared with the host: <c>scribble</c>, <c>control</c> or <c>unmap</c>, on a thread that goes on doing it.</summary>
    void AttackRing(string how, int seed);

    /// <summary>Tries every way to the memory shared with the host to truncate it; tells how many were tried, and how many worked.</summary>
    string TruncateRing(int host);

    /// <summary>Bytes that count up to 250, again and again.</summary>
    byte[] Bytes(int count);

    /// <summary>The same, as memory that the caller owns.</summary>
    IMemoryOwner<byte> OwnBytes(int count);

    /// <summary>The sum of bytes.</summary>
    long SumBytes(ReadOnlyMemory<byte> bytes);

    /// <summary>Never answers.</summary>
    Task<byte[]> NoBytesAsync(CancellationToken cancellationToken);

    /// <summary>As <see cref="AttackRing"/>, for the memory of large values.</summary>
    void AttackPayloads(string how, int seed);

    /// <summary>As <see cref="TruncateRing"/>, for the memory of large values.</summary>
    string TruncatePayloads(int host);

    /// <summary>Writes into the memory of large values, from its begin.</summary>
    void WritePayloads(long at, byte[] bytes);

    /// <summary>Reads a number in the memory of large values, from its begin.</summary>
    long ReadPayloads(long at);

    /// <summary>Writes to the connection's socket, between the worker's own messages.</summary>
    void Inject(byte[] frames);

    /// <summary>Writes <paramref name="marker"/>, then takes all of a core for ever.</summary>
    void SpinIn(string marker);

    /// <summary>Writes <paramref name="marker"/>, then sleeps for ever in native code.</summary>
    void SleepInNative(string marker);

    /// <summary>Starts a script that outlives the call; gives its process id.</summary>
    int StartProgram(string script);

    /// <summary>Lets native code read where no memory is.</summary>
    void Segfault();

    /// <summary>Fails where no call waits for it: <c>thread</c>, <c>timer</c>, <c>pool</c>, <c>async-void</c>, <c>finalizer</c> and others.</summary>
    void ThrowElsewhere(string how, string message);

    /// <summary>Holds its caller's thread until the file is there.</summary>
    void Hold(string marker);
}

/// <summary>Declared by <see cref="IFixture.FindAsync"/>.</summary>
public sealed class NotThereException : Exception
{
    public NotThereException(string name, int looked)
        : base($"'{name}' is not there.")
    {
        Name = name;
        Looked = looked;
    }

    public string Name { get; }

    public int Looked { get; }
}
