using Fixtures.Contracts;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts;

namespace Fixtures.Plain;

/// <summary>An exception type of the plugin's own: keeping one keeps its load context.</summary>
public sealed class PlainException(string message) : Exception(message);

/// <summary>A well-behaved plugin.</summary>
[Plugin]
public sealed class PlainEcho(IPluginContext context) : IEcho, IAsyncStartable, IAsyncDisposable
{
    private readonly CancellationTokenSource _disposed = new();
    private string _greeting = "";

    public ValueTask StartAsync(CancellationToken cancellationToken)
    {
        _greeting = context.Settings.TryGetProperty("greeting", out var greeting) ? greeting.GetString()! : "";
        Log.Started(context.Logger, context.PluginId, DayOfWeek.Monday);
        return ValueTask.CompletedTask;
    }

    public string Echo(string text) => _greeting + text;

    public int Add(int left, int right) => left + right;

    public async Task<string> EchoLaterAsync(string text, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        return _greeting + text;
    }

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, context.Stopping);
        await Task.Delay(Timeout.Infinite, either.Token);
    }

    public void Throw(string message) => throw new PlainException(message);

    public ValueTask DisposeAsync()
    {
        _disposed.Dispose();
        return ValueTask.CompletedTask;
    }
}

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Plugin} has started on {Day}")]
    public static partial void Started(ILogger logger, string plugin, DayOfWeek day);
}
