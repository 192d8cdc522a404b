using System.Text.Json;
using Microsoft.Extensions.Logging;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Telemetry.Export;

/// <summary>
/// The figures of the last window on disk, for tools that find no running host. Each write replaces the file whole, so a reader never sees half of
/// one. Not thread-safe: one writer, at its own pace.
/// </summary>
/// <param name="path">The file, in an existing folder.</param>
/// <param name="logger">Told once where the file cannot be written.</param>
public sealed class StatsFile(string path, ILogger logger)
{
    private const long MostBytesRead = 64 * 1024 * 1024;

    /// <summary>How many writes failed.</summary>
    public long WriteFailures { get; private set; }

    /// <summary>Replaces the file.</summary>
    /// <returns>False where the disk did not take it; the old file is then still there.</returns>
    public bool Write(StatsSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        string fresh = path + ".tmp";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            using (FileStream stream = new(fresh, options))
            {
                snapshot.Write(stream);
            }

            File.Move(fresh, path, overwrite: true);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (++WriteFailures == 1)
            {
                Log.StatsFileFailed(logger, path, error.Message);
            }

            return false;
        }
    }

    /// <summary>Reads a file that a host has written, running or not. Never throws for what stands in the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="clock">For the age.</param>
    public static StatsReading Read(string path, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(clock);
        try
        {
            long length = new FileInfo(path).Length;
            if (length > MostBytesRead)
            {
                return StatsReading.Failed($"{path} has {length} bytes, the limit is {MostBytesRead}: no host wrote it. Delete it.");
            }

            StatsSnapshot snapshot = StatsSnapshot.Read(File.ReadAllBytes(path));
            TimeSpan age = clock.GetUtcNow() - snapshot.At;
            return new StatsReading(snapshot, age < TimeSpan.Zero ? TimeSpan.Zero : age, null);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return StatsReading.Failed($"{path} is not there: no host has recorded figures yet. Start one with `pluginhost run`.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return StatsReading.Failed($"{path} cannot be read: {error.Message}");
        }
        catch (JsonException error)
        {
            return StatsReading.Failed($"{path} holds no figures: {error.Message} Delete it; a running host writes it anew.");
        }
    }
}

/// <summary>What a stats file gave. Immutable.</summary>
/// <param name="Snapshot">The figures, or null.</param>
/// <param name="Age">How long ago they were read in the host; never below 0.</param>
/// <param name="Problem">Why there are none, and what to do; null where there are.</param>
public sealed record StatsReading(StatsSnapshot? Snapshot, TimeSpan Age, string? Problem)
{
    internal static StatsReading Failed(string problem) => new(null, TimeSpan.Zero, problem);
}
