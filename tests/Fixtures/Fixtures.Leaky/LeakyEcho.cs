using Fixtures.Contracts;
using PluginHost.Contracts;

namespace Fixtures.Leaky;

/// <summary>Roots itself: a static event of the process and a running timer refer to it for ever.</summary>
[Plugin]
public sealed class LeakyEcho : IEcho
{
    private readonly Timer _timer;

    public LeakyEcho()
    {
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        _timer = new Timer(static _ => { }, this, TimeSpan.FromHours(1), TimeSpan.FromHours(1));
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

    private void OnExit(object? sender, EventArgs e) => _timer.Dispose();
}
