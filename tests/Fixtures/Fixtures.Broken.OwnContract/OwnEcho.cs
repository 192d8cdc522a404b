using Fixtures.Contracts;
using PluginHost.Contracts;

namespace Fixtures.Broken.OwnContract;

/// <summary>Ships contract assemblies of its own, as a project without Private=false does.</summary>
[Plugin]
public sealed class OwnEcho : IEcho
{
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
}
