using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>The contract whose methods take and give what stays with its owner, written by hand as the generator would.</summary>
internal sealed class LendingContract : ContractDescriptor
{
    public static readonly ContractMethod Work = new(0, "WorkAsync", "Lending.Work");
    public static readonly ContractMethod Items = new(1, "ItemsAsync", "Lending.Items");
    public static readonly ContractMethod Texts = new(2, "TextsAsync", "Lending.Texts");
    public static readonly ContractMethod Sum = new(3, "SumAsync", "Lending.Sum");
    public static readonly ContractMethod Open = new(4, "OpenAsync", "Lending.Open");
    public static readonly ContractMethod Visit = new(5, "VisitAsync", "Lending.Visit");

    public static LendingContract Instance { get; } = new();

    public override string Name => "Tests.ILending";

    public override int Major => 1;

    public override Type InterfaceType => typeof(LendingDispatcher);

    public override IReadOnlyList<ContractMethod> Methods { get; } = [Work, Items, Texts, Sum, Open, Visit];

    public override object CreateProxy(IInvoker invoker) => throw new NotSupportedException();

    public override Guard CreateGuard(GuardSite site) => throw new NotSupportedException();

    public override Dispatcher CreateDispatcher(object target) => throw new NotSupportedException();
}

/// <summary>The callee: each method does what the test says.</summary>
internal sealed class LendingDispatcher : Dispatcher
{
    public override ContractDescriptor Contract => LendingContract.Instance;

    public Func<IProgress<int>?, CancellationToken, Task<int>> Work { get; set; } = static (_, _) => Task.FromResult(0);

    public Func<int, CancellationToken, IAsyncEnumerable<int>> Items { get; set; } = Numbers.To;

    public Func<CancellationToken, IAsyncEnumerable<string>> Texts { get; set; } = static _ => throw new NotSupportedException();

    public Func<IAsyncEnumerable<int>, CancellationToken, Task<int>> Sum { get; set; } = Numbers.SumAsync;

    public Func<int, ISession?> Open { get; set; } = static value => new Counter(value);

    public Func<ICounter?, Task<int>> Visit { get; set; } = static async counter => await counter!.AddAsync(1);

    public override int Find(ReadOnlySpan<byte> utf8WireName)
    {
        foreach (ContractMethod method in Contract.Methods)
        {
            if (utf8WireName.SequenceEqual(method.Utf8WireName))
            {
                return method.Index;
            }
        }

        return -1;
    }

    public override ValueTask InvokeAsync<TReader>(int method, ref TReader arguments, Reply reply, CancellationToken cancellationToken)
    {
        ValueScope scope = arguments.BeginArray();
        bool has = arguments.NextElement(ref scope);
        switch (method)
        {
            case 0:
                return WorkAsync(arguments.Leases.ReadProgress<TReader, int, IntCodec>(ref arguments), reply, cancellationToken);
            case 1:
                reply.Send(new SequenceResult<int, IntCodec>(Items(has ? arguments.ReadInt32() : 0, reply.LeaseToken)));
                return ValueTask.CompletedTask;
            case 2:
                reply.Send(new SequenceResult<string, TextCodec>(Texts(reply.LeaseToken)));
                return ValueTask.CompletedTask;
            case 3:
                return SumAsync(arguments.Leases.ReadSequence<TReader, int, IntCodec>(ref arguments)!, reply, cancellationToken);
            case 4:
                reply.Send(new ObjectResult(Open(arguments.ReadInt32())));
                return ValueTask.CompletedTask;
            default:
                return VisitAsync((ICounter?)arguments.Leases.ReadObject(ref arguments, CounterContract.Session), reply);
        }
    }

    public override string? FindError(int method, Exception exception) => exception is NotFoundException ? typeof(NotFoundException).FullName : null;

    public override void WriteError<TWriter>(int method, Exception exception, ref TWriter writer) =>
        writer.WriteString(((NotFoundException)exception).Key);

    private async ValueTask WorkAsync(IProgress<int>? progress, Reply reply, CancellationToken cancellationToken) =>
        reply.Send(new IntValue(await Work(progress, cancellationToken)));

    private async ValueTask SumAsync(IAsyncEnumerable<int> items, Reply reply, CancellationToken cancellationToken) =>
        reply.Send(new IntValue(await Sum(items, cancellationToken)));

    private async ValueTask VisitAsync(ICounter? counter, Reply reply) => reply.Send(new IntValue(await Visit(counter)));

    private readonly struct SequenceResult<T, TCodec>(IAsyncEnumerable<T> items) : IResult
        where TCodec : struct, IValueCodec<T>
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => writer.Leases.WriteSequence<TWriter, T, TCodec>(ref writer, items);
    }

    private readonly struct ObjectResult(ISession? session) : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct =>
            writer.Leases.WriteObject(ref writer, session, CounterContract.Session, ObjectLifetime.Explicit);
    }
}

/// <summary>Works and reports.</summary>
internal readonly struct WorkCall(IProgress<int>? progress) : ICall<int>
{
    public static ContractMethod Method => LendingContract.Work;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.Leases.WriteProgress<TWriter, int, IntCodec>(ref writer, progress);
        writer.EndArray();
    }

    public static int ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadInt32();

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => AddToCounter.ReadError(type, ref reader);
}

/// <summary>Gives integers.</summary>
internal readonly struct ItemsCall(int count) : ICall<IAsyncEnumerable<int>>
{
    public static ContractMethod Method => LendingContract.Items;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct => new AddToCounter(count).WriteArguments(ref writer);

    public static IAsyncEnumerable<int> ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.Leases.ReadSequence<TReader, int, IntCodec>(ref reader)!;

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => AddToCounter.ReadError(type, ref reader);
}

/// <summary>Gives strings.</summary>
internal readonly struct TextsCall : ICall<IAsyncEnumerable<string>>
{
    public static ContractMethod Method => LendingContract.Texts;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(0);
        writer.EndArray();
    }

    public static IAsyncEnumerable<string> ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.Leases.ReadSequence<TReader, string, TextCodec>(ref reader)!;

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Sums what the caller gives.</summary>
internal readonly struct SumItemsCall(IAsyncEnumerable<int> items) : ICall<int>
{
    public static ContractMethod Method => LendingContract.Sum;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.Leases.WriteSequence<TWriter, int, IntCodec>(ref writer, items);
        writer.EndArray();
    }

    public static int ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadInt32();

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => AddToCounter.ReadError(type, ref reader);
}

/// <summary>Gives a counter.</summary>
internal readonly struct OpenCall(int value) : ICall<ISession?>
{
    public static ContractMethod Method => LendingContract.Open;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct => new AddToCounter(value).WriteArguments(ref writer);

    public static ISession? ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => (ISession?)reader.Leases.ReadObject(ref reader, CounterContract.Session);

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Takes a counter, for good or for the call.</summary>
internal readonly struct VisitCall(ISession? counter, ObjectLifetime lifetime = ObjectLifetime.Explicit) : ICall<int>
{
    public static ContractMethod Method => LendingContract.Visit;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.Leases.WriteObject(ref writer, counter, CounterContract.Session, lifetime);
        writer.EndArray();
    }

    public static int ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadInt32();

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => AddToCounter.ReadError(type, ref reader);
}
