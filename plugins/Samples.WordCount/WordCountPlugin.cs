using PluginHost.Contracts;
using Samples.Contracts;

namespace Samples.WordCount;

/// <summary>The one of the three implementations that is a .NET assembly.</summary>
[Plugin]
public sealed class WordCountPlugin : IWordCount
{
    private static readonly char[] s_space = [' ', '\t', '\r', '\n'];
    private int _started;
    private int _stopped;

    /// <inheritdoc/>
    public Task<WordCounts> CountAsync(string text, int top, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (top is < 0 or > 1000)
        {
            throw new InvalidTopException($"{top} words cannot be named; ask for 0 to 1000.", top);
        }

        string[] words = text.Split(s_space, StringSplitOptions.RemoveEmptyEntries);

        // GroupBy keeps the order of first appearance, and so does OrderByDescending among equals.
        WordFrequency[] frequent =
            [.. words.GroupBy(word => word, StringComparer.Ordinal).Select(g => new WordFrequency(g.Key, g.Count())).OrderByDescending(f => f.Count).Take(top)];
        int lines = text.Count(c => c == '\n') + (text.Length > 0 && text[^1] != '\n' ? 1 : 0);
        return Task.FromResult(new WordCounts(words.Length, lines, text.EnumerateRunes().Count(), frequent));
    }

    /// <inheritdoc/>
    public async Task WaitAsync(int milliseconds, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _started);
        try
        {
            await Task.Delay(milliseconds, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _stopped);
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<WaitCounts> WaitsAsync() => Task.FromResult(new WaitCounts(Volatile.Read(ref _started), Volatile.Read(ref _stopped)));
}
