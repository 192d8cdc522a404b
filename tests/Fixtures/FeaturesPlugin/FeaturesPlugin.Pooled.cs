using System.Collections.Concurrent;
using Fixtures.Features.Contract;

namespace Fixtures.Features.Plugin;

/// <summary>The part that keeps what it can, wherever it can.</summary>
public sealed partial class FeaturesPlugin : IPooled
{
    private static readonly List<string> s_words = [];
    private readonly ConcurrentDictionary<Guid, string> _texts = new();

    public int ProcessId() => Environment.ProcessId;

    public async Task<int> ServeAsync(int milliseconds, CancellationToken cancellationToken)
    {
        await Task.Delay(milliseconds, cancellationToken);
        return Environment.ProcessId;
    }

    public Task<int> ServeAgainAsync(int milliseconds, CancellationToken cancellationToken) => ServeAsync(milliseconds, cancellationToken);

    public Task<int> ServeSoonAsync(int milliseconds, CancellationToken cancellationToken) => ServeAsync(milliseconds, cancellationToken);

    public Task<int> OfKeyAsync(string key, CancellationToken cancellationToken) => Task.FromResult(Environment.ProcessId);

    public int OfNumber(string text, Shard shard) => Environment.ProcessId;

    public string Append(Guid key, string text) => _texts.AddOrUpdate(key, text, (_, before) => before + text);

    public Remembered Remember(string word)
    {
        List<string> found = [.. s_words];
        s_words.Add(word);
        string data = context.DataFolder;
        string temporary = Path.GetTempPath();
        foreach (string file in new[] { Path.Combine(data, "word"), Path.Combine(temporary, "pluginhost-word"), Path.Combine("below", "word") })
        {
            if (File.Exists(file))
            {
                found.Add($"{file}: {File.ReadAllText(file)}");
            }

            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            File.WriteAllText(file, word);
        }

        // A folder that its owner cannot look into is no way to stay.
        string hidden = Path.Combine(data, "hidden");
        Directory.CreateDirectory(Path.Combine(hidden, "deep"));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(hidden, UnixFileMode.None);
        }

        return new Remembered(found, data, temporary, Environment.ProcessId);
    }

    public async Task<Greeting> GreetThroughAsync(ISession session, string guest, CancellationToken cancellationToken) =>
        new(await session.GreetAsync(guest, cancellationToken), Environment.ProcessId);

    public void Exit(int code) => Environment.Exit(code);
}
