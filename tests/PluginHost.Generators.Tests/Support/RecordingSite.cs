using PluginHost.Contracts.Invocation;
using PluginHost.TestKit;

namespace PluginHost.Generators.Tests.Support;

/// <summary>An engine's side that remembers what guards tell it.</summary>
internal sealed class RecordingSite : GuardSite, IDisposable
{
    private readonly int _count;
    private readonly CancellationTokenSource _revoked = new();

    public RecordingSite(ContractDescriptor contract)
    {
        _count = contract.Methods.Count;
        FirstSlot = ThreadBlocks.Reserve(_count);
    }

    public List<string> Events { get; } = [];

    public ManualTimeProvider Time { get; } = new();

    public object? Elsewhere { get; set; }

    /// <summary>Where set, routing waits for it.</summary>
    public TaskCompletionSource<object>? Starting { get; set; }

    public override int FirstSlot { get; }

    public override TimeProvider Clock => Time;

    public override CancellationToken Revoked => _revoked.Token;

    public override TimeSpan TimeoutOf(ContractMethod method) => method.Timeout ?? TimeSpan.FromSeconds(10);

    public override Exception Caught(ContractMethod method, Exception thrown, Exception? declared, CancellationToken callerToken)
    {
        Events.Add($"caught {method.Name} {thrown.GetType().Name}");
        return declared ?? new CaughtException($"{method.WireName}: {thrown.Message}");
    }

    public override Exception TimedOut(ContractMethod method, TimeSpan timeout) => new TimeoutException($"{method.Name} {timeout}");

    public override Exception Cut(ContractMethod method) => new ObjectDisposedException(method.Name);

    public override void Sample(ContractMethod method, long elapsed) => Events.Add($"sample {method.Name}");

    public override void AmbientStateLeaked(ContractMethod method) => Events.Add($"leak {method.Name}");

    public override object Route(ContractMethod method) => Elsewhere ?? throw new InvalidOperationException($"{method.Name} is nowhere.");

    public override ValueTask<object> RouteAsync(ContractMethod method, CancellationToken cancellationToken) =>
        Starting is { } starting ? new(starting.Task) : new(Route(method));

    public void Revoke() => _revoked.Cancel();

    public CallTotals Totals(int method) => ThreadBlocks.Sum(FirstSlot + method);

    public void Dispose()
    {
        ThreadBlocks.Release(FirstSlot, _count);
        _revoked.Dispose();
    }
}

/// <summary>What a caller gets in place of a plugin's own exception.</summary>
internal sealed class CaughtException(string message) : Exception(message);
