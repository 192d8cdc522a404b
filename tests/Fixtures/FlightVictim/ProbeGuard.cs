using System.Reflection;
using PluginHost.Contracts.Invocation;

namespace FlightVictim;

/// <summary>A guard written by hand: it counts calls in slots, as generated ones do, around any code.</summary>
public sealed class ProbeGuard(int firstSlot) : Guard<IDisposable>(new ProbeSite(firstSlot))
{
    public override ContractDescriptor Contract => throw new NotSupportedException();

    /// <summary>Runs code as a call of the method.</summary>
    public void Call(int method, Action body)
    {
        CallEntry entry = Enter(method);
        body();
        Leave(entry);
    }

    /// <summary>Begins a call that is still inside when this returns.</summary>
    public CallEntry Begin(int method) => Enter(method);

    /// <summary>Makes a call that waits for something, for ever.</summary>
    public void Wait(int method) => Suspend(Enter(method), method);

    /// <summary>Ends what <see cref="Begin"/> began, on the same thread.</summary>
    public static void End(CallEntry entry) => Leave(entry);

    protected override Exception? RebuildError(int method, Exception thrown) => null;

    private sealed class ProbeSite(int firstSlot) : GuardSite
    {
        public override int FirstSlot => firstSlot;

        public override TimeProvider Clock => TimeProvider.System;

        public override CancellationToken Revoked => CancellationToken.None;

        public override TimeSpan TimeoutOf(ContractMethod method) => Timeout.InfiniteTimeSpan;

        public override Exception Caught(ContractMethod method, Exception thrown, Exception? declared, CancellationToken callerToken) => thrown;

        public override Exception TimedOut(ContractMethod method, TimeSpan timeout) => new TimeoutException();

        public override Exception Cut(ContractMethod method) => new TargetException();

        public override void Sample(ContractMethod method, long elapsed) => throw new NotSupportedException();

        public override void AmbientStateLeaked(ContractMethod method) => throw new NotSupportedException();

        public override object Route(ContractMethod method) => throw new NotSupportedException();

        public override ValueTask<object> RouteAsync(ContractMethod method, CancellationToken cancellationToken) => throw new NotSupportedException();

        public override LeaseTable Results => throw new NotSupportedException();

        public override LeaseTable Arguments => throw new NotSupportedException();
    }
}
