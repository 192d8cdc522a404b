using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;

namespace PluginHost.Holders.Tests.Support;

/// <summary>The engine's side of a guard, as small as these tests need it.</summary>
internal sealed class LeaksSite(ContractDescriptor contract) : GuardSite, IDisposable
{
    public override int FirstSlot { get; } = ThreadBlocks.Reserve(contract.Methods.Count);

    public override TimeProvider Clock => TimeProvider.System;

    public override CancellationToken Revoked => CancellationToken.None;

    public override LeaseTable Results => throw new NotSupportedException("The fixture hands nothing out.");

    public override LeaseTable Arguments => throw new NotSupportedException("The fixture takes nothing.");

    public override TimeSpan TimeoutOf(ContractMethod method) => Timeout.InfiniteTimeSpan;

    public override Exception Caught(ContractMethod method, Exception thrown, Exception? declared, CancellationToken callerToken)
    {
        ThrownException text = ThrownException.Read(thrown);
        return new PluginFaultException($"{text.Type}: {text.Message}{text.Stack}", new PluginFault("test", text.Kind));
    }

    public override Exception TimedOut(ContractMethod method, TimeSpan timeout) => new TimeoutException();

    public override Exception Cut(ContractMethod method) => new InvalidOperationException("cut");

    public override void Sample(ContractMethod method, long elapsed)
    {
    }

    public override void AmbientStateLeaked(ContractMethod method)
    {
    }

    public override object Route(ContractMethod method) => throw new InvalidOperationException("not running");

    public override ValueTask<object> RouteAsync(ContractMethod method, CancellationToken cancellationToken) => new(Route(method));

    public void Dispose() => ThreadBlocks.Release(FirstSlot, contract.Methods.Count);
}
