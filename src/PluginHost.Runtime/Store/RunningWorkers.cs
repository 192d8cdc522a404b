using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using PluginHost.Runtime.Model;
using File = System.IO.File;

namespace PluginHost.Runtime.Store;

/// <summary>
/// The file of a state folder that says whose the folder is and which workers run: a line more with each start and end. A host that stops removes it,
/// so the next host finds it only where the last one was killed. Thread-safe; a file that cannot be written is logged once and does without.
/// </summary>
internal sealed class RunningWorkers : IDisposable
{
    public const string HostWord = "host";
    public const string BeganWord = "+";
    public const string EndedWord = "-";

    // Some hundred lines that speak of workers long gone are not worth a rewrite.
    private const int MostIdleLines = 256;
    private const int MostBytes = 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, NotedWorker> _running = [];
    private readonly string _path;
    private readonly ILogger _logger;
    private FileStream? _file;
    private int _lines;
    private bool _isDisposed;

    private RunningWorkers(string path, ILogger logger)
    {
        _path = path;
        _logger = logger;
    }

    /// <summary>The host that left its file behind; null where the last one stopped as it should.</summary>
    public PastHost? Past { get; private init; }

    /// <summary>Reads what the last host left, and begins anew.</summary>
    /// <param name="path">The file, in a state folder that this host has locked.</param>
    /// <param name="logger">Told of a file that cannot be written.</param>
    public static RunningWorkers Open(string path, ILogger logger)
    {
        byte[]? bytes = File.Exists(path) ? PlainFile.Read(path, MostBytes, out _) : null;
        RunningWorkers running = new(path, logger) { Past = bytes is null ? null : PastHost.Parse(Encoding.UTF8.GetString(bytes)) };
        lock (running._lock)
        {
            running.Try_NeedsLock(running.Rewrite_NeedsLock);
        }

        return running;
    }

    /// <summary>A worker has started.</summary>
    public void Began(long number, int pid, string pluginId)
    {
        lock (_lock)
        {
            Note_NeedsLock(new NotedWorker(number, pid, pluginId));
        }
    }

    /// <summary>A worker that ran no plugin until now runs one.</summary>
    public void Became(int pid, string pluginId)
    {
        lock (_lock)
        {
            if (_running.Values.FirstOrDefault(w => w.Pid == pid) is { } worker)
            {
                Note_NeedsLock(worker with { PluginId = pluginId });
            }
        }
    }

    /// <summary>A worker has ended.</summary>
    public void Ended(long number)
    {
        lock (_lock)
        {
            if (_running.Remove(number))
            {
                Try_NeedsLock(() => Append_NeedsLock(string.Create(CultureInfo.InvariantCulture, $"{EndedWord} {number}\n")));
            }
        }
    }

    /// <summary>Removes the file: nothing runs any more. Idempotent.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                // What could not be written any more goes too: it speaks of workers long gone.
                _isDisposed = true;
                Try_NeedsLock(() => File.Delete(_path));
                _file?.Dispose();
                _file = null;
            }
        }
    }

    private static string Line(NotedWorker worker) => string.Create(CultureInfo.InvariantCulture, $"{BeganWord} {worker.Number} {worker.Pid} {worker.PluginId}\n");

    private void Note_NeedsLock(NotedWorker worker)
    {
        _running[worker.Number] = worker;
        Try_NeedsLock(() => Append_NeedsLock(Line(worker)));
    }

    private void Append_NeedsLock(string line)
    {
        if (_file is null)
        {
            return;
        }

        if (_lines > _running.Count + MostIdleLines)
        {
            Rewrite_NeedsLock();
        }

        // Behind a rewrite too: a file without any such line says that its host started no worker, and that nothing is to be swept.
        _file.Write(Encoding.UTF8.GetBytes(line));
        _lines++;
    }

    /// <summary>Writes the file beside and puts it in place, so that at any moment one of both is whole.</summary>
    private void Rewrite_NeedsLock()
    {
        string aside = _path + ".new";
        File.Delete(aside);
        FileStream file = new(aside, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        });
        _file?.Dispose();
        _file = file;
        file.Write(Encoding.UTF8.GetBytes($"{HostWord} {HostIdentity.Current}\n{string.Concat(_running.Values.Select(Line))}"));
        File.Move(aside, _path, overwrite: true);
        _lines = _running.Count;
    }

    private void Try_NeedsLock(Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A full disk must not keep plugins from running; what it costs is that the next start may not name what ran.
            Log.RunningNotWritten(_logger, _path, error.Message);
            _file?.Dispose();
            _file = null;
        }
    }
}
