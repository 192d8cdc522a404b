using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using Fixtures.Processes.Contract;
using Microsoft.Extensions.Logging;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Trust;
using PluginHost.Telemetry.Recording;

namespace Fixtures.HostVictim;

/// <summary>An application that owns its process, with a plugin inside that fails where no call waits for it. Writes down what it saw, and ends.</summary>
internal static class ForeignVictim
{
    private const string Id = "fixture";

    public static async Task RunAsync(string plugins, string state, string how)
    {
        LogLines log = new();
        if (how == "taken")
        {
            ExceptionHandling.SetUnhandledExceptionHandler(static _ => true);
        }

        PluginRuntime runtime = await StartAsync(plugins, state, log);
        IFixture plugin = runtime.Get<IFixture>(Id);
        string marker = Path.Combine(state, "go");
        List<string> notes = [];
        switch (how)
        {
            case "application":
                new Thread(static () => throw new InvalidOperationException("the application's own")).Start();
                await Task.Delay(Timeout.InfiniteTimeSpan);
                break;
            case "two":
                await using (PluginRuntime second = await StartAsync(plugins, state + "-second", log))
                {
                    second.Get<IFixture>(Id).ThrowElsewhere("thread", "of the second");
                    await UntilAsync(() => second.Status[0].State == PluginState.Quarantined);
                    notes.Add($"second {second.Status[0].State} {second.Faults.Count}");
                }

                break;
            case "late":
                plugin.ThrowElsewhere("late", marker);
                await runtime.RestartAsync(Id);
                await File.WriteAllTextAsync(marker, "1");
                await UntilAsync(() => log.Lines.Any(l => l.StartsWith("8080 ", StringComparison.Ordinal)));

                // Comes after what was asked for because of the fault.
                await runtime.StartAsync(Id);
                break;
            case "disposed":
                plugin.ThrowElsewhere("late", marker);
                await runtime.DisposeAsync();
                await File.WriteAllTextAsync(marker, "1");
                await UntilAsync(() => log.Lines.Any(l => l.StartsWith("8080 ", StringComparison.Ordinal)));
                break;
            case "task":
                await Task.Run(() => plugin.ThrowElsewhere(how, how));
                await UntilAsync(() => runtime.Faults.Count > 0);
                break;
            case "taken":
                plugin.ThrowElsewhere("thread", how);
                break;
            default:
                plugin.ThrowElsewhere(how, how);
                await UntilAsync(() => runtime.Status[0].State == PluginState.Quarantined && runtime.Faults.Count > 0);
                break;
        }

        PluginStatus status = how == "disposed" ? new PluginStatus { Id = Id } : runtime.Status[0];
        FaultRecord[] faults = [.. runtime.Faults];
        int sum = 0;
        if (how != "disposed")
        {
            await runtime.ResetAsync(Id);
            sum = plugin.Add(1, 2);
        }

        string result = Path.Combine(state, "result");
        await File.WriteAllTextAsync(result + ".new", JsonSerializer.Serialize(new { status.State, status.Generation, Reasons = status.Reasons, Faults = faults, Sum = sum, Notes = notes, Log = log.Lines }));
        File.Move(result + ".new", result);
        await runtime.DisposeAsync();
        Environment.Exit(0);
    }

    private static Task<PluginRuntime> StartAsync(string plugins, string state, ILoggerFactory log) => PluginRuntime.StartAsync(new PluginRuntimeOptions
    {
        Directory = plugins,
        StateFolder = state,
        ContractAssemblies = [typeof(IFixture).Assembly],
        Policy = new PluginPolicy { Development = plugins },
        HandleUnhandledExceptions = true,
        ForceUnloadProof = true,
        DrainTimeout = TimeSpan.FromSeconds(1),
        LoggerFactory = log,
    });

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
    }

    /// <summary>Keeps what is logged as lines that begin with the event's id.</summary>
    private sealed class LogLines : ILoggerFactory, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = [];

        public string[] Lines => [.. _lines];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{eventId.Id} {logLevel} {formatter(state, exception)}");

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
