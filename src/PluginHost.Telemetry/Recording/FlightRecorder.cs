using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Telemetry.Recording;

/// <summary>
/// Keeps what every thread does in plugins in a mapped file, so that after any death of this process, kill -9 and stack overflow included, the next
/// start can read it. One a runtime; all of a process share one file, linked into each one's folder. Linux. Thread-safe.
/// </summary>
public sealed class FlightRecorder : IDisposable
{
    private static readonly Lock s_lock = new();
    private static FlightMemory? s_memory;
    private static FlightLinks? s_links;
    private static DeathNote? s_note;
    private readonly ILogger _logger;
    private bool _isDisposed;

    private FlightRecorder(string? file, string? reason, ILogger logger)
    {
        File = file;
        UnavailableReason = reason;
        _logger = logger;
    }

    /// <summary>True where threads that take a block from now on are recorded in <see cref="File"/>.</summary>
    public bool IsAvailable => File is not null;

    /// <summary>Why nothing is recorded, or null.</summary>
    public string? UnavailableReason { get; }

    /// <summary>The file, or null.</summary>
    public string? File { get; }

    /// <summary>
    /// Begins to record into a folder. Call it before the first plugin is called: threads that have a block already stay unrecorded. Never throws
    /// for what the machine lacks: see <see cref="UnavailableReason"/>, which is also logged.
    /// </summary>
    /// <param name="folder">An existing folder of the runtime's own.</param>
    /// <param name="logger">Told where recording is not possible.</param>
    public static FlightRecorder Open(string folder, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(logger);
        string? reason;
        if (!OperatingSystem.IsLinux())
        {
            reason = "it needs Linux";
        }
        else if (ProcessIdentity.Current() is not { } owner)
        {
            reason = "/proc does not tell this process's start time";
        }
        else
        {
            string path = Path.Combine(Path.GetFullPath(folder), FlightFile.NameOf(owner));
            lock (s_lock)
            {
                reason = s_links is null ? Create_NeedsLock(path, owner, logger) : s_links.Add(path);
            }

            if (reason is null)
            {
                return new FlightRecorder(path, null, logger);
            }
        }

        Log.FlightRecorderUnavailable(logger, reason);
        return new FlightRecorder(null, reason, logger);
    }

    /// <summary>Reads and deletes what processes that are gone have left in a folder. Damaged files are logged and deleted.</summary>
    /// <param name="folder">The folder; need not exist.</param>
    /// <param name="logger">Told of damaged files.</param>
    /// <param name="beforeDelete">
    /// Told of each process before its file is deleted, so that a death in between tells of it twice and not never; must not throw. Null for nobody.
    /// </param>
    public static IReadOnlyList<DeadProcess> ReadDead(string folder, ILogger logger, Action<DeadProcess>? beforeDelete = null) =>
        FlightReader.ReadDead(folder, logger, beforeDelete);

    /// <summary>Says which method a slot counts. Call it when the slot is reserved, and again for every generation.</summary>
    /// <param name="slot">A reserved slot of <see cref="ThreadBlocks"/>.</param>
    /// <param name="pluginId">The plugin's id; more than 200 bytes are cut.</param>
    /// <param name="method">The method's wire name; more than 255 bytes are cut.</param>
    /// <param name="generation">The plugin's generation.</param>
    public void Name(int slot, string pluginId, string method, int generation)
    {
        Write(slot, FlightFile.WriteName(new DeadCall(pluginId, method, generation)));
        s_note?.Know(pluginId, generation);
    }

    /// <summary>Takes the names of slots back. Call it before <see cref="ThreadBlocks.Release"/>.</summary>
    /// <param name="first">The first slot.</param>
    /// <param name="count">How many.</param>
    public void Unname(int first, int count)
    {
        for (int slot = first; slot < first + count; slot++)
        {
            Write(slot, new byte[FlightFile.NameBytes]);
        }
    }

    /// <summary>Ends recording into the folder in order: nothing is left there to be read after this process. Idempotent; never throws.</summary>
    public void Dispose()
    {
        lock (s_lock)
        {
            if (_isDisposed || File is null)
            {
                return;
            }

            _isDisposed = true;
            try
            {
                s_links!.Remove(File);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                Log.FlightFileKept(_logger, File, error.Message);
            }
        }
    }

    private static string? Create_NeedsLock(string path, ProcessIdentity owner, ILogger logger)
    {
        try
        {
            FlightMemory memory = FlightMemory.Create(path, owner, logger);
            if (ThreadBlocks.Install(memory) != memory)
            {
                memory.Abandon();
                return "this process's thread blocks already come from elsewhere";
            }

            s_memory = memory;
            s_links = new FlightLinks(owner, path);
            s_note = new DeathNote(memory);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"{path} cannot be written: {error.Message}";
        }
    }

    private void Write(int slot, byte[] name)
    {
        if ((uint)slot >= ThreadBlocks.MaxSlots)
        {
            throw new ArgumentOutOfRangeException(nameof(slot), slot, $"A slot lies between 0 and {ThreadBlocks.MaxSlots - 1}.");
        }

        if (File is null)
        {
            return;
        }

        try
        {
            s_memory!.WriteName(slot, name);
        }
        catch (IOException error)
        {
            Log.FlightNameLost(_logger, slot, File, error.Message);
        }
    }
}
