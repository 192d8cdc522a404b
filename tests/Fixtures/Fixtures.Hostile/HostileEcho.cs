using Fixtures.Contracts;
using PluginHost.Contracts;

namespace Fixtures.Hostile;

/// <summary>A plugin that works, in an assembly full of what a check finds. Nothing of the other files is ever called.</summary>
[Plugin]
public sealed class HostileEcho : IEcho
{
    public string Echo(string text) => text;

    public int Add(int left, int right) => left + right;

    public async Task<string> EchoLaterAsync(string text, CancellationToken cancellationToken)
    {
        await Task.Delay(1, cancellationToken);
        return text;
    }

    public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    public void Throw(string message) => throw new InvalidOperationException(message);
}
