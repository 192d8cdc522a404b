using PluginHost.Contracts.Invocation;

namespace PluginHost.Benchmarks;

/// <summary>The smallest contract: Add(int, int), written as the generator writes.</summary>
internal sealed class AddContract : ContractDescriptor
{
    public static readonly ContractMethod Add = new(0, "Add", "Calculator.Add");

    public static AddContract Instance { get; } = new();

    public override string Name => "PluginHost.Benchmarks.ICalculator";

    public override int Major => 1;

    public override Type InterfaceType => typeof(AddDispatcher);

    public override IReadOnlyList<ContractMethod> Methods { get; } = [Add];

    public override object CreateProxy(IInvoker invoker) => throw new NotSupportedException();

    public override Guard CreateGuard(GuardSite site) => throw new NotSupportedException();

    public override Dispatcher CreateDispatcher(object target) => throw new NotSupportedException();
}

/// <summary>The caller's side.</summary>
public readonly struct AddCall(int a, int b) : ICall<int>
{
    public static ContractMethod Method => AddContract.Add;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(2);
        writer.WriteInt64(a);
        writer.WriteInt64(b);
        writer.EndArray();
    }

    public static int ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadInt32();

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>The callee's side.</summary>
internal sealed class AddDispatcher : Dispatcher
{
    public override ContractDescriptor Contract => AddContract.Instance;

    public override int Find(ReadOnlySpan<byte> utf8WireName) => utf8WireName.SequenceEqual(AddContract.Add.Utf8WireName) ? 0 : -1;

    public override ValueTask InvokeAsync<TReader>(int method, ref TReader arguments, Reply reply, CancellationToken cancellationToken)
    {
        int sum = 0;
        ValueScope scope = arguments.BeginArray();
        while (arguments.NextElement(ref scope))
        {
            sum += arguments.ReadInt32();
        }

        reply.Send(new Sum(sum));
        return ValueTask.CompletedTask;
    }

    public override string? FindError(int method, Exception exception) => null;

    public override void WriteError<TWriter>(int method, Exception exception, ref TWriter writer) => throw new NotSupportedException();

    private readonly struct Sum(int value) : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => writer.WriteInt64(value);
    }
}
