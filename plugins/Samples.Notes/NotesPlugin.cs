using Microsoft.Extensions.Logging;
using PluginHost.Contracts;
using Samples.Contracts;

namespace Samples.Notes;

/// <summary>Keeps each note in a file of the plugin's data folder, so that notes outlive the worker.</summary>
[Plugin]
public sealed class NotesPlugin : INotes, IAsyncStartable
{
    private readonly NoteFiles _files;
    private readonly ILogger _logger;

    /// <summary>Creates one over the folder that the host gives.</summary>
    /// <param name="context">The plugin's context.</param>
    public NotesPlugin(IPluginContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _files = new NoteFiles(Path.Combine(context.DataFolder, "notes"), TimeProvider.System);
        _logger = context.Logger;
    }

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken cancellationToken)
    {
        Log.Opened(_logger, _files.Open());
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public Task PutAsync(string key, string text, CancellationToken cancellationToken) =>
        _files.WriteAsync(key, text, cancellationToken);

    /// <inheritdoc/>
    public async Task<Note> GetAsync(string key, CancellationToken cancellationToken) =>
        await _files.ReadAsync(key, cancellationToken).ConfigureAwait(false) ?? throw NotFound(key);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListAsync(string? prefix, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(_files.Keys(prefix ?? ""));
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _files.Delete(key) ? Task.CompletedTask : throw NotFound(key);
    }

    private static NoteNotFoundException NotFound(string key) => new($"There is no note with the key '{key}'.", key);
}
