using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;

namespace PluginHost.InProcess.Tests.Support;

/// <summary>The engine's side of a guard, as small as a test needs it.</summary>
internal sealed class TestSite : GuardSite, IDisposable
{
    private readonly CancellationTokenSource _revoked = new();

    public override int FirstSlot { get; } = ThreadBlocks.Reserve(EchoContract.Instance.Methods.Count);

    public override TimeProvider Clock => TimeProvider.System;

    public override CancellationToken Revoked => _revoked.Token;

    public void Revoke() => _revoked.Cancel();

    public override TimeSpan TimeoutOf(ContractMethod method) => Timeout.InfiniteTimeSpan;

    public override Exception Caught(ContractMethod method, Exception thrown, Exception? declared, CancellationToken callerToken)
    {
        ThrownException text = ThrownException.Read(thrown, callerToken.IsCancellationRequested);
        return new PluginFaultException(text.Message, new PluginFault("test", text.Kind) { RemoteType = text.Type });
    }

    public override Exception TimedOut(ContractMethod method, TimeSpan timeout) => new TimeoutException();

    public override Exception Cut(ContractMethod method) => new PluginUnavailableException("cut", new PluginFault("test", FaultKind.Unavailable));

    public override void Sample(ContractMethod method, long elapsed)
    {
    }

    public override void AmbientStateLeaked(ContractMethod method)
    {
    }

    public override object Route(ContractMethod method) =>
        throw new PluginUnavailableException("not running", new PluginFault("test", FaultKind.Unavailable));

    public override ValueTask<object> RouteAsync(ContractMethod method, CancellationToken cancellationToken) => new(Route(method));

    public override LeaseTable Results => throw new NotSupportedException("The fixtures hand nothing out.");

    public override LeaseTable Arguments => throw new NotSupportedException("The fixtures take nothing.");

    public void Dispose() => ThreadBlocks.Release(FirstSlot, EchoContract.Instance.Methods.Count);
}
