using System.Text.Json;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Telemetry.Export;

/// <summary>
/// The journal's files: appends whole lines, ends a line that a death or a full disk cut, and rotates to one previous file. For one thread.
/// </summary>
internal sealed class JournalFile(string folder, long maxBytes) : IDisposable
{
    /// <summary>The longest line: longer ones are not written, and skipped when read.</summary>
    public const int MaxLineBytes = 256 * 1024;

    private const string Name = "faults.jsonl";
    private const string PreviousName = "faults.1.jsonl";
    private FileStream? _stream;

    /// <summary>The file that is written.</summary>
    public string Current { get; } = Path.Combine(folder, Name);

    /// <summary>The file before it.</summary>
    public string Previous { get; } = Path.Combine(folder, PreviousName);

    /// <summary>Appends a line that ends in a line feed. After a failure the next call opens the file anew.</summary>
    /// <exception cref="IOException">The disk did not take it; part of the line may have been written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void Append(ReadOnlySpan<byte> line)
    {
        try
        {
            _stream ??= Open();
            if (_stream.Length > 0 && _stream.Length + line.Length > maxBytes)
            {
                Close();
                File.Move(Current, Previous, overwrite: true);
                _stream = Open();
            }

            _stream.Write(line);
        }
        catch
        {
            Close();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    /// <summary>Splits text into lines and reads each one; what is no whole entry is counted.</summary>
    public static int Parse(ReadOnlySpan<byte> text, List<FaultRecord> faults, List<RestartRecord> restarts)
    {
        int skipped = 0;
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
            text = end < 0 ? [] : text[(end + 1)..];
            if (line.IsEmpty)
            {
                continue;
            }

            switch (ParseLine(line))
            {
                case { Fault: { } fault, Restart: null }:
                    faults.Add(fault);
                    break;
                case { Fault: null, Restart: { } restart }:
                    restarts.Add(restart);
                    break;
                default:
                    skipped++;
                    break;
            }
        }

        return skipped;
    }

    private static JournalLine? ParseLine(ReadOnlySpan<byte> line)
    {
        if (line.Length > MaxLineBytes)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(line, StatsJson.Plain.JournalLine);
        }
        catch (JsonException)
        {
            // A line that was cut: the caller counts it.
            return null;
        }
    }

    private FileStream Open()
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        FileStream stream = new(Current, options);
        try
        {
            if (stream.Length > 0)
            {
                stream.Seek(-1, SeekOrigin.End);
                int last = stream.ReadByte();
                if (last != '\n')
                {
                    stream.WriteByte((byte)'\n');
                }
            }

            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private void Close()
    {
        _stream?.Dispose();
        _stream = null;
    }
}
