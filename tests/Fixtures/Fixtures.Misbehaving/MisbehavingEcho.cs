using System.ComponentModel;
using System.Text.Json;
using Fixtures.Contracts;
using PluginHost.Contracts;

namespace Fixtures.Misbehaving;

/// <summary>An exception whose own text throws.</summary>
public sealed class SpitefulException : Exception
{
    public override string Message => throw new NotSupportedException("no message for you");
}

/// <summary>A type that the framework looks at.</summary>
public sealed record Shown(int Number);

/// <summary>Does wrong what the setting "mode" says, and everything else right.</summary>
[Plugin]
public sealed class MisbehavingEcho : IEcho, IAsyncStartable, IAsyncDisposable
{
    private readonly string _mode;

    public MisbehavingEcho(IPluginContext context)
    {
        _mode = context.Settings.TryGetProperty("mode", out var mode) ? mode.GetString()! : "";
        if (_mode == "constructor-throws")
        {
            throw new SpitefulException();
        }

        if (_mode == "stopping-throws")
        {
            context.Stopping.Register(static () => throw new InvalidOperationException("thrown while stopping"));
        }

        if (_mode == "keeps-context")
        {
            Kept = context;
        }
    }

    /// <summary>What the framework is shown of this plugin's types.</summary>
    public string Text { get; set; } = "text";

    /// <summary>Left behind by mode keeps-context.</summary>
    public static IPluginContext? Kept { get; private set; }

    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        switch (_mode)
        {
            case "start-throws":
                throw new InvalidOperationException("thrown in start", new SpitefulException());
            case "start-hangs":
                await Task.Delay(Timeout.Infinite, cancellationToken);
                break;
            case "start-token-throws":
                cancellationToken.Register(static () => throw new InvalidOperationException("thrown while its start was given up"));
                await Task.Delay(Timeout.Infinite, cancellationToken);
                break;
            case "start-token-kept":
                // Linked and never disposed, as code does that holds on to its start's token.
                CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                linked.Token.Register(() => Text = "given up");
                break;
            case "serializes":
                Text = JsonSerializer.Serialize(new Shown(1));
                break;
            case "describes":
                Text = TypeDescriptor.GetProperties(typeof(Shown)).Count + TypeDescriptor.GetConverter(typeof(Shown)).ToString();
                break;
            case "dynamic":
                dynamic shown = new Shown(1);
                Text = $"{shown.Number + 1}";
                break;
            case "start-cancels":
                throw new OperationCanceledException("nobody asked");
        }
    }

    public string Echo(string text) => text;

    public int Add(int left, int right) => left + right;

    public async Task<string> EchoLaterAsync(string text, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        return text;
    }

    public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    public void Throw(string message) => throw new InvalidOperationException(message);

    public async ValueTask DisposeAsync()
    {
        await Task.Yield();
        switch (_mode)
        {
            case "dispose-throws":
                throw new InvalidOperationException("thrown in dispose");
            case "dispose-hangs":
                await new TaskCompletionSource().Task;
                break;
        }
    }
}
