using PluginHost.Contracts;

namespace Samples.Contracts;

/// <summary>Keeps notes by key over restarts. Thread-safe: of two writers of one key the later wins, and no reader sees half a note.</summary>
[PluginContract(Major = 1)]
public interface INotes
{
    /// <summary>Stores a note, in place of the one that had its key.</summary>
    /// <param name="key">1 to 80 bytes as UTF-8; any characters, compared exactly.</param>
    /// <param name="text">The note's text.</param>
    /// <param name="cancellationToken">Ends the call before the note is in place.</param>
    /// <exception cref="InvalidNoteKeyException">The key is empty, too long or no valid text.</exception>
    [Throws<InvalidNoteKeyException>]
    [CallPolicy(Idempotent = true)]
    Task PutAsync(string key, string text, CancellationToken cancellationToken);

    /// <summary>Reads a note.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The note.</returns>
    /// <exception cref="NoteNotFoundException">No note has the key.</exception>
    /// <exception cref="InvalidNoteKeyException">The key is empty, too long or no valid text.</exception>
    [Throws<NoteNotFoundException>]
    [Throws<InvalidNoteKeyException>]
    [CallPolicy(Idempotent = true)]
    Task<Note> GetAsync(string key, CancellationToken cancellationToken);

    /// <summary>Lists the keys.</summary>
    /// <param name="prefix">Only keys that start with this, compared exactly; null for all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The keys in ordinal order.</returns>
    [CallPolicy(Idempotent = true)]
    Task<IReadOnlyList<string>> ListAsync(string? prefix, CancellationToken cancellationToken);

    /// <summary>Removes a note.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="NoteNotFoundException">No note has the key.</exception>
    /// <exception cref="InvalidNoteKeyException">The key is empty, too long or no valid text.</exception>
    [Throws<NoteNotFoundException>]
    [Throws<InvalidNoteKeyException>]
    Task DeleteAsync(string key, CancellationToken cancellationToken);
}

/// <summary>A stored note.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Text">Its text.</param>
/// <param name="Changed">When it was last stored.</param>
public sealed record Note(string Key, string Text, DateTimeOffset Changed);

/// <summary>No note has the key that was asked for.</summary>
public sealed class NoteNotFoundException : Exception
{
    /// <summary>Creates one.</summary>
    /// <param name="message">The text a person reads.</param>
    /// <param name="key">The key that was asked for.</param>
    public NoteNotFoundException(string message, string key)
        : base(message) => Key = key;

    /// <summary>The key that was asked for.</summary>
    public string Key { get; }
}

/// <summary>A key is empty, too long, or holds half a surrogate pair.</summary>
public sealed class InvalidNoteKeyException : Exception
{
    /// <summary>Creates one.</summary>
    /// <param name="message">The text a person reads: what is wrong with the key and what is allowed.</param>
    public InvalidNoteKeyException(string message)
        : base(message)
    {
    }
}
