using PluginHost.Contracts;

namespace Samples.Contracts;

/// <summary>
/// Counts words. Three samples implement it, in .NET, in JavaScript and in Python, and give equal results. Thread-safe; keeps nothing of a text.
/// </summary>
[PluginContract(Major = 1)]
public interface IWordCount
{
    /// <summary>Counts a text's words, lines and characters.</summary>
    /// <param name="text">
    /// The text. A word is what stands between spaces, tabs, carriage returns and line feeds; words are compared exactly. A line feed ends a line.
    /// </param>
    /// <param name="top">How many of the most frequent words to name, 0 to 1,000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The counts.</returns>
    /// <exception cref="InvalidTopException"><paramref name="top"/> is below 0 or above 1,000.</exception>
    [Throws<InvalidTopException>]
    [CallPolicy(Idempotent = true)]
    Task<WordCounts> CountAsync(string text, int top, CancellationToken cancellationToken);

    /// <summary>Waits, and stops at once when cancelled: a text so long that nobody wants to wait for it.</summary>
    /// <param name="milliseconds">For how long.</param>
    /// <param name="cancellationToken">Honoured; <see cref="WaitsAsync"/> counts how often.</param>
    Task WaitAsync(int milliseconds, CancellationToken cancellationToken);

    /// <summary>How many <see cref="WaitAsync"/> calls began, and were stopped by their token, since the plugin's start.</summary>
    /// <returns>Both counts.</returns>
    Task<WaitCounts> WaitsAsync();
}

/// <summary>What was counted.</summary>
/// <param name="Words">How many words.</param>
/// <param name="Lines">How many line feeds, and one more where the text does not end with one; 0 for an empty text.</param>
/// <param name="Characters">How many Unicode code points.</param>
/// <param name="Frequent">The most frequent words, most frequent first, of equally frequent ones the first in the text first.</param>
public sealed record WordCounts(int Words, int Lines, int Characters, IReadOnlyList<WordFrequency> Frequent);

/// <summary>How often a word comes.</summary>
/// <param name="Word">The word.</param>
/// <param name="Count">How often.</param>
public sealed record WordFrequency(string Word, int Count);

/// <summary>What became of waits.</summary>
/// <param name="Started">How many began.</param>
/// <param name="Stopped">How many were stopped by their caller.</param>
public sealed record WaitCounts(int Started, int Stopped);

/// <summary>More words, or fewer, were asked for than can be named.</summary>
public sealed class InvalidTopException : Exception
{
    /// <summary>Creates one.</summary>
    /// <param name="message">The text a person reads.</param>
    /// <param name="top">What was asked for.</param>
    public InvalidTopException(string message, int top)
        : base(message) => Top = top;

    /// <summary>What was asked for.</summary>
    public int Top { get; }
}
