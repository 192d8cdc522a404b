using PluginHost.Contracts.Invocation;
using PluginHost.TestKit;

namespace PluginHost.Generators.Tests.Support;

/// <summary>An engine's side that remembers what guards tell it.</summary>
internal sealed class RecordingSite : GuardSite, IDisposable
{
    private readonly int _count;
    private readonly CancellationTokenSource _revoked = new();
    private readonly RecordingLeases _results;
    private readonly RecordingLeases _arguments;

    public RecordingSite(ContractDescriptor contract)
    {
        _count = contract.Methods.Count;
        FirstSlot = ThreadBlocks.Reserve(_count);
        _results = new RecordingLeases(this, isHost: false);
        _arguments = new RecordingLeases(this, isHost: true);
    }

    private RecordingSite(ContractDescriptor contract, RecordingSite parent, bool isHost)
    {
        _count = contract.Methods.Count;
        FirstSlot = ThreadBlocks.Reserve(_count);
        Events = parent.Events;
        Time = parent.Time;
        _results = isHost ? parent._arguments : parent._results;
        _arguments = isHost ? parent._results : parent._arguments;
    }

    public List<string> Events { get; private init; } = [];

    public ManualTimeProvider Time { get; private init; } = new();

    public object? Elsewhere { get; set; }

    /// <summary>Where set, routing waits for it.</summary>
    public TaskCompletionSource<object>? Starting { get; set; }

    public override int FirstSlot { get; }

    public override TimeProvider Clock => Time;

    public override CancellationToken Revoked => _revoked.Token;

    public override LeaseTable Results => _results;

    public override LeaseTable Arguments => _arguments;

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
        _results.Dispose();
        _arguments.Dispose();
        ThreadBlocks.Release(FirstSlot, _count);
        _revoked.Dispose();
    }

    private sealed class RecordingLeases(RecordingSite owner, bool isHost) : LeaseTable(disposesObjects: !isHost), IDisposable
    {
        private readonly Dictionary<ContractDescriptor, RecordingSite> _sites = [];

        public override int CallsInside => 0;

        public override GuardSite SiteOf(ContractDescriptor contract)
        {
            if (!_sites.TryGetValue(contract, out RecordingSite? site))
            {
                _sites.Add(contract, site = new RecordingSite(contract, owner, isHost));
            }

            return site;
        }

        public override void ReleaseFaulted(ContractDescriptor contract, Exception thrown) => owner.Events.Add($"release {contract.Name} {thrown.GetType().Name}");

        public void Dispose()
        {
            foreach (RecordingSite site in _sites.Values)
            {
                ThreadBlocks.Release(site.FirstSlot, site._count);
            }

            _sites.Clear();
        }
    }
}

/// <summary>What a caller gets in place of a plugin's own exception.</summary>
internal sealed class CaughtException(string message) : Exception(message);
