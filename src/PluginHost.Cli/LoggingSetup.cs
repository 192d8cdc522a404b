using System.Globalization;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Json;
using Serilog.Sinks.SystemConsole.Themes;

namespace PluginHost.Cli;

/// <summary>How much of the log a command tells.</summary>
internal enum Loudness
{
    /// <summary>A command that does one thing: what a person should know.</summary>
    Warnings,

    /// <summary>A host: ordinary events too.</summary>
    Host,

    /// <summary>A command that makes plugins fail on purpose and shows the faults itself.</summary>
    OwnStory,
}

/// <summary>
/// The one place that knows Serilog: the engine and the plugins log through Microsoft.Extensions.Logging, and their events go to standard error and,
/// for a host, to rolling files of JSON lines in its state folder, with PluginId, Tier, Generation and WorkerPid as properties.
/// </summary>
internal sealed class LoggingSetup : IDisposable
{
    private const string Template =
        "{Timestamp:HH:mm:ss.fff} {Level:u3} {PluginId} {Tier} {Generation} {WorkerPid} {Message:lj}{NewLine}{Exception}";

    private readonly Logger _logger;
    private readonly LaterFile _file = new();

    /// <summary>Sets logging up.</summary>
    /// <param name="loudness">How much is told.</param>
    public LoggingSetup(Loudness loudness)
    {
        _logger = new LoggerConfiguration()
            .MinimumLevel.Is(loudness switch
            {
                Loudness.Host => LogEventLevel.Information,
                Loudness.Warnings => LogEventLevel.Warning,
                _ => LogEventLevel.Fatal,
            })
            .Enrich.FromLogContext()
            .Enrich.With<PluginOfCategory>()
            .WriteTo.Console(
                outputTemplate: Template,
                formatProvider: CultureInfo.InvariantCulture,
                standardErrorFromLevel: LevelAlias.Minimum,
                theme: Console.IsErrorRedirected ? ConsoleTheme.None : AnsiConsoleTheme.Code)
            .WriteTo.Sink(_file)
            .CreateLogger();
        Factory = new SerilogLoggerFactory(_logger);
    }

    /// <summary>What the engine logs to.</summary>
    public ILoggerFactory Factory { get; }

    /// <summary>Writes what was logged so far and from now on to files of a state folder too: one a day, 16 MiB at most, the last 7.</summary>
    public void KeepIn(string stateFolder) => _file.Open(Path.Combine(stateFolder, "logs", "host-.jsonl"));

    /// <inheritdoc/>
    public void Dispose()
    {
        Factory.Dispose();
        _logger.Dispose();
        _file.Dispose();
    }

    /// <summary>A plugin's own logger carries its id in its category, <c>Plugin.id</c>; what has no worker has no worker's id.</summary>
    private sealed class PluginOfCategory : ILogEventEnricher
    {
        private const string Prefix = "Plugin.";

        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
        {
            if (logEvent.Properties.TryGetValue("SourceContext", out LogEventPropertyValue? context)
                && context is ScalarValue { Value: string category }
                && category.StartsWith(Prefix, StringComparison.Ordinal))
            {
                logEvent.AddPropertyIfAbsent(propertyFactory.CreateProperty("PluginId", category[Prefix.Length..]));
            }

            if (logEvent.Properties.TryGetValue("WorkerPid", out LogEventPropertyValue? worker) && worker is ScalarValue { Value: null })
            {
                // In-process there is none: a person reads nothing rather than a null.
                logEvent.RemovePropertyIfPresent("WorkerPid");
            }
        }
    }

    /// <summary>A file whose place is known only once the host has its state folder; events wait for it, the first thousand of them.</summary>
    private sealed class LaterFile : ILogEventSink, IDisposable
    {
        private const int MostWaiting = 1000;
        private readonly Lock _lock = new();
        private readonly List<LogEvent> _waiting = [];
        private Logger? _files;

        public void Open(string path)
        {
            Logger files = new LoggerConfiguration()
                .MinimumLevel.Is(LevelAlias.Minimum)
                .WriteTo.File(
                    new JsonFormatter(renderMessage: true),
                    path,
                    fileSizeLimitBytes: 16 * 1024 * 1024,
                    rollingInterval: RollingInterval.Day,
                    rollOnFileSizeLimit: true,
                    retainedFileCountLimit: 7)
                .CreateLogger();
            lock (_lock)
            {
                _waiting.ForEach(files.Write);
                _waiting.Clear();
                _files = files;
            }
        }

        public void Emit(LogEvent logEvent)
        {
            lock (_lock)
            {
                if (_files is { } files)
                {
                    files.Write(logEvent);
                }
                else if (_waiting.Count < MostWaiting)
                {
                    _waiting.Add(logEvent);
                }
            }
        }

        public void Dispose() => _files?.Dispose();
    }
}
