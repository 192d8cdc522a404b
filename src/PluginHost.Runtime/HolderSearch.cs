using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using PluginHost.Loading.Unloading;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Processes;

namespace PluginHost.Runtime;

/// <summary>
/// Names what holds a plugin that stayed in memory: a dump of this process, read by another. Keeps nothing of the plugin itself: what it holds meanwhile has weak
/// references only. One dump at a time in a process. Thread-safe.
/// </summary>
internal sealed class HolderSearch
{
    private static readonly SemaphoreSlim s_one = new(1, 1);
    private static long s_number;

    private readonly string _folder;
    private readonly HolderOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;

    /// <param name="folder">The folder for the dump; this host's alone. Dumps in it are of a host that was killed over them, and are removed.</param>
    /// <param name="options">The limits.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">Where the output of the programs goes.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message has all problems.</exception>
    public HolderSearch(string folder, HolderOptions options, TimeProvider clock, ILogger logger)
    {
        if (options.Validate() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join(" ", problems), nameof(options));
        }

        _folder = folder;
        _options = options;
        _clock = clock;
        _logger = logger;
        RemoveLeft();
    }

    /// <summary>Names what holds one context.</summary>
    /// <param name="question">Which.</param>
    /// <param name="cancellationToken">Ends the search early.</param>
    /// <returns>Lines for a person; one that says why, where nothing could be looked for.</returns>
    public async Task<IReadOnlyList<string>> NameAsync(HolderQuestion question, CancellationToken cancellationToken) =>
        (await NameAsync([question.Unloading], cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Names what holds each of several contexts, out of one dump.</summary>
    /// <param name="unloadings">The watches of the contexts.</param>
    /// <param name="cancellationToken">Ends the search early.</param>
    public async Task<IReadOnlyList<IReadOnlyList<string>>> NameAsync(IReadOnlyList<ContextUnloading> unloadings, CancellationToken cancellationToken)
    {
        await s_one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await SearchAsync(unloadings, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failed) when (failed is HolderSearchException or SpawnException or IOException or UnauthorizedAccessException)
        {
            Log.NoHolders(_logger, failed.Message);
            string line = $"What holds it could not be looked for: {failed.Message}";
            return [.. unloadings.Select(_ => (IReadOnlyList<string>)[line])];
        }
        finally
        {
            s_one.Release();
        }
    }

    private async Task<IReadOnlyList<IReadOnlyList<string>>> SearchAsync(IReadOnlyList<ContextUnloading> unloadings, CancellationToken cancellationToken)
    {
        string file = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{Interlocked.Increment(ref s_number)}{HolderDump.Suffix}"));

        // By a handle's place in memory the reader finds this very watch, and by it this very context, in whatever heap.
        GCHandle[] watches = [.. unloadings.Select(u => GCHandle.Alloc(u))];
        try
        {
            HolderDump.Prepare(file, _options);
            return await HolderReading.ReadAsync(file, [.. watches.Select(GCHandle.ToIntPtr)], _options, _clock, _logger, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Array.ForEach(watches, w => w.Free());
            if (File.Exists(file))
            {
                File.Delete(file);
            }
        }
    }

    private void RemoveLeft()
    {
        if (!Directory.Exists(_folder))
        {
            return;
        }

        try
        {
            foreach (string left in Directory.EnumerateFiles(_folder, "*" + HolderDump.Suffix))
            {
                File.Delete(left);
            }
        }
        catch (Exception kept) when (kept is IOException or UnauthorizedAccessException)
        {
            Log.DumpsLeft(_logger, _folder, kept.Message);
        }
    }
}
