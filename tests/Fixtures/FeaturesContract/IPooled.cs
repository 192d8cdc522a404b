using PluginHost.Contracts;

namespace Fixtures.Features.Contract;

/// <summary>Shows which process served a call, and what of earlier calls it knows.</summary>
[PluginContract]
public interface IPooled
{
    int ProcessId();

    /// <summary>Takes a while; gives the process id.</summary>
    Task<int> ServeAsync(int milliseconds, CancellationToken cancellationToken);

    [CallPolicy(Idempotent = true)]
    Task<int> ServeAgainAsync(int milliseconds, CancellationToken cancellationToken);

    [CallPolicy(Timeout = "00:00:00.300")]
    Task<int> ServeSoonAsync(int milliseconds, CancellationToken cancellationToken);

    [CallPolicy(Idempotent = true)]
    Task<int> OfKeyAsync([PartitionKey] string key, CancellationToken cancellationToken);

    int OfNumber(string text, [PartitionKey] Shard shard);

    /// <summary>Adds to what the key has in memory; gives all of it.</summary>
    string Append([PartitionKey] Guid key, string text);

    /// <summary>Leaves a word in memory, in the data, temporary and working folder; gives what was there before, and the two folders.</summary>
    Remembered Remember(string word);

    /// <summary>Calls an object that another worker may have handed out.</summary>
    Task<Greeting> GreetThroughAsync(ISession session, string guest, CancellationToken cancellationToken);

    void Exit(int code);
}

/// <summary>What an object said, and which process asked it.</summary>
public sealed record Greeting(string Text, int ProcessId);

/// <summary>A key that is an enum.</summary>
public enum Shard
{
    North,
    East,
    South,
    West,
}

/// <summary>What a call found of those before it.</summary>
public sealed record Remembered(IReadOnlyList<string> Found, string DataFolder, string TempFolder, int ProcessId);
