using System.Runtime;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>What is compiled before a call, by the runtime's own count of this thread.</summary>
public sealed class CallPreparationTests
{
    [Fact]
    public void A_prepared_contracts_first_call_compiles_nothing_and_an_unprepared_ones_does()
    {
        Prepared prepared = new();
        CallPreparation.Prepare(prepared, RpcCodec.MessagePack);
        CallPreparation.PrepareTarget(prepared, typeof(IAnswering));
        int callsBefore = prepared.Calls;

        // What the measuring itself needs.
        _ = CompiledByCall(new Warm());
        _ = CompiledByAnswer(new Warm());

        Assert.Equal((0, 0), (CompiledByCall(prepared), CompiledByAnswer(prepared)));
        Assert.Equal((1, 1), (CompiledByCall(new Unprepared()), CompiledByAnswer(new Unprepared())));
        Assert.Equal((0, 1), (callsBefore, prepared.Calls));
    }

    private static long CompiledByCall(Dispatcher dispatcher)
    {
        long before = JitInfo.GetCompiledMethodCount(currentThread: true);
        MessagePackValueReader reader = new([0x90]);
        ValueTask called = dispatcher.InvokeAsync(0, ref reader, null!, CancellationToken.None);
        long compiled = JitInfo.GetCompiledMethodCount(currentThread: true) - before;
        Assert.True(called.IsCompletedSuccessfully);
        return compiled;
    }

    private static long CompiledByAnswer(IAnswering target)
    {
        long before = JitInfo.GetCompiledMethodCount(currentThread: true);
        _ = target.Answer();
        return JitInfo.GetCompiledMethodCount(currentThread: true) - before;
    }

    private interface IAnswering
    {
        int Answer();
    }

    private sealed class Warm : Plain, IAnswering
    {
        public int Answer() => 1;

        public override ValueTask InvokeAsync<TReader>(int method, ref TReader arguments, Reply reply, CancellationToken cancellationToken) => default;
    }

    private sealed class Prepared : Plain, IAnswering
    {
        public int Calls { get; private set; }

        public int Answer() => 2;

        public override ValueTask InvokeAsync<TReader>(int method, ref TReader arguments, Reply reply, CancellationToken cancellationToken)
        {
            Calls++;
            return default;
        }
    }

    private sealed class Unprepared : Plain, IAnswering
    {
        public int Answer() => 3;

        public override ValueTask InvokeAsync<TReader>(int method, ref TReader arguments, Reply reply, CancellationToken cancellationToken) => default;
    }

    private abstract class Plain : Dispatcher
    {
        public override ContractDescriptor Contract { get; } = new NoContract();

        public override int Find(ReadOnlySpan<byte> utf8WireName) => -1;

        public override string? FindError(int method, Exception exception) => null;

        public override void WriteError<TWriter>(int method, Exception exception, ref TWriter writer)
        {
        }
    }

    private sealed class NoContract : ContractDescriptor
    {
        public override string Name => "None";

        public override int Major => 1;

        public override Type InterfaceType => typeof(IAnswering);

        public override IReadOnlyList<ContractMethod> Methods => [];

        public override object CreateProxy(IInvoker invoker) => throw new NotSupportedException();

        public override Guard CreateGuard(GuardSite site) => throw new NotSupportedException();

        public override Dispatcher CreateDispatcher(object target) => throw new NotSupportedException();
    }
}
