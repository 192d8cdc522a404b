using System.Globalization;
using System.Runtime.CompilerServices;
using Fixtures.Features.Contract;

namespace Fixtures.Features.Plugin;

/// <summary>An object that is handed out.</summary>
internal sealed class Session(FeaturesPlugin plugin, string name) : ISession
{
    private int _next;

    public async Task<string> GreetAsync(string guest, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return $"{name} greets {guest}";
    }

    public int Next() => _next < 3 ? ++_next : throw new OutOfNumbersException(_next);

    public async IAsyncEnumerable<string> Words(int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return name + i.ToString(CultureInfo.InvariantCulture);
        }
    }

    public ValueTask<ISession> ForkAsync(CancellationToken cancellationToken) => new(plugin.Open(name + "'"));

    public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);

    public void Fail(string message) => throw new InvalidOperationException(message);

    public ValueTask DisposeAsync()
    {
        plugin.Disposed();
        return ValueTask.CompletedTask;
    }
}
