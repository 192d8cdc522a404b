using System.Text;
using Samples.Contracts;

namespace Samples.Notes;

/// <summary>
/// Notes as files of one folder. Nothing is kept in memory, so that several workers can share the folder; a note is written beside its place
/// and moved there, so that a reader, or a crash, sees the old note or the new one and never half of one. Thread-safe.
/// </summary>
/// <param name="folder">Created where it is missing.</param>
/// <param name="clock">Tells how old what a crash left behind is.</param>
internal sealed class NoteFiles(string folder, TimeProvider clock)
{
    private const string NoteEnding = ".note";
    private const string UnfinishedEnding = ".unfinished";
    private static readonly TimeSpan s_unfinishedFor = TimeSpan.FromHours(1);

    /// <summary>Creates the folder and removes what a crash left half-written.</summary>
    /// <returns>How many notes there are.</returns>
    public int Open()
    {
        Directory.CreateDirectory(folder);
        foreach (string path in Directory.EnumerateFiles(folder, "*" + UnfinishedEnding))
        {
            // Younger ones may be another worker's, being written now.
            if (clock.GetUtcNow() - File.GetLastWriteTimeUtc(path) > s_unfinishedFor)
            {
                File.Delete(path);
            }
        }

        return Keys("").Count;
    }

    /// <summary>Writes a note.</summary>
    public async Task WriteAsync(string key, string text, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(text);
        string place = PathOf(key), unfinished = Unfinished();
        try
        {
            FileStream stream = new(unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
            await using (stream.ConfigureAwait(false))
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken).ConfigureAwait(false);

                // Else a power cut could leave the name in place and the bytes not.
                stream.Flush(flushToDisk: true);
            }

            cancellationToken.ThrowIfCancellationRequested();
            File.Move(unfinished, place, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    /// <summary>Reads a note, or null where there is none.</summary>
    public async Task<Note?> ReadAsync(string key, CancellationToken cancellationToken)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(
                PathOf(key), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 4096, useAsync: true);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        await using (stream.ConfigureAwait(false))
        {
            using StreamReader reader = new(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false);
            DateTimeOffset changed = new(File.GetLastWriteTimeUtc(stream.SafeFileHandle));
            return new Note(key, await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false), changed);
        }
    }

    /// <summary>The keys that start with a prefix, in ordinal order.</summary>
    public IReadOnlyList<string> Keys(string prefix)
    {
        List<string> keys = [];
        foreach (string path in Directory.EnumerateFiles(folder, "*" + NoteEnding))
        {
            if (NoteKey.TryParse(Path.GetFileNameWithoutExtension(path), out string? key) && key.StartsWith(prefix, StringComparison.Ordinal))
            {
                keys.Add(key);
            }
        }

        keys.Sort(StringComparer.Ordinal);
        return keys;
    }

    /// <summary>Removes a note; false where there was none. Of two callers at once one gets true.</summary>
    public bool Delete(string key)
    {
        string removed = Unfinished();
        try
        {
            File.Move(PathOf(key), removed);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }

        File.Delete(removed);
        return true;
    }

    private string PathOf(string key) => Path.Combine(folder, NoteKey.ToFileName(key) + NoteEnding);

    private string Unfinished() => Path.Combine(folder, Guid.NewGuid().ToString("N") + UnfinishedEnding);
}
