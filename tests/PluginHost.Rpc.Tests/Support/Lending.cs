using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>An object that crosses: adds to what it holds.</summary>
internal interface ICounter
{
    ValueTask<int> AddAsync(int by, CancellationToken cancellationToken = default);
}

/// <summary>One that can be disposed as well.</summary>
internal interface ISession : ICounter, IDisposable;

/// <summary>The contract of counters, written by hand as the generator would.</summary>
internal sealed class CounterContract(string name, Type type) : ContractDescriptor
{
    public static readonly ContractMethod Add = new(0, "AddAsync", "Counter.Add") { Parameters = ["by"] };

    public static CounterContract Counter { get; } = new("Tests.ICounter", typeof(ICounter));

    public static CounterContract Session { get; } = new("Tests.ISession", typeof(ISession));

    public override string Name => name;

    public override int Major => 1;

    public override Type InterfaceType => type;

    public override IReadOnlyList<ContractMethod> Methods { get; } = [Add];

    public override object CreateProxy(IInvoker invoker) => new CounterProxy(invoker);

    public override Guard CreateGuard(GuardSite site) => throw new NotSupportedException();

    public override Dispatcher CreateDispatcher(object target) => new CounterDispatcher(this, (ICounter)target);
}

/// <summary>The caller's side of a counter.</summary>
internal sealed class CounterProxy(IInvoker invoker) : ISession
{
    public ValueTask<int> AddAsync(int by, CancellationToken cancellationToken) => invoker.InvokeAsync<AddToCounter, int>(new AddToCounter(by), cancellationToken);

    public int Add(int by) => invoker.Invoke<AddToCounter, int>(new AddToCounter(by), CancellationToken.None);

    public void Dispose() => invoker.Release();
}

/// <summary>A counter in this process.</summary>
internal sealed class Counter(int value) : ISession
{
    private readonly TaskCompletionSource _disposed = new();
    private int _value = value;

    public Task Disposed => _disposed.Task;

    public ValueTask<int> AddAsync(int by, CancellationToken cancellationToken) =>
        by == 13 ? throw new NotFoundException("thirteen") : new(Interlocked.Add(ref _value, by));

    public void Dispose() => _disposed.TrySetResult();
}

/// <summary>Adds.</summary>
public readonly struct AddToCounter(int by) : ICall<int>
{
    public static ContractMethod Method => CounterContract.Add;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.WriteInt64(by);
        writer.EndArray();
    }

    public static int ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadInt32();

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct =>
        type == typeof(NotFoundException).FullName ? new NotFoundException(reader.ReadString()!) : null;
}

/// <summary>The callee's side of a counter.</summary>
internal sealed class CounterDispatcher(ContractDescriptor contract, ICounter target) : Dispatcher
{
    public override ContractDescriptor Contract => contract;

    public override int Find(ReadOnlySpan<byte> utf8WireName) => utf8WireName.SequenceEqual("Counter.Add"u8) ? 0 : -1;

    public override ValueTask InvokeAsync<TReader>(int method, ref TReader arguments, Reply reply, CancellationToken cancellationToken)
    {
        ValueScope scope = arguments.BeginArray();
        int by = arguments.NextElement(ref scope) ? arguments.ReadInt32() : throw new ValueFormatException("'by' is missing.");
        return AddAsync(by, reply, cancellationToken);
    }

    public override string? FindError(int method, Exception exception) => exception is NotFoundException ? typeof(NotFoundException).FullName : null;

    public override void WriteError<TWriter>(int method, Exception exception, ref TWriter writer) =>
        writer.WriteString(((NotFoundException)exception).Key);

    private async ValueTask AddAsync(int by, Reply reply, CancellationToken cancellationToken) =>
        reply.Send(new IntValue(await target.AddAsync(by, cancellationToken)));
}

/// <summary>Integers, as items and reports.</summary>
public readonly struct IntCodec : IValueCodec<int>
{
    public static void Write<TWriter>(ref TWriter writer, int value)
        where TWriter : struct, IValueWriter, allows ref struct => writer.WriteInt64(value);

    public static int Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadInt32();
}

/// <summary>Strings, as items; "unwritable" cannot be written.</summary>
public readonly struct TextCodec : IValueCodec<string>
{
    public static void Write<TWriter>(ref TWriter writer, string value)
        where TWriter : struct, IValueWriter, allows ref struct =>
        writer.WriteString(value == "unwritable" ? throw new InvalidOperationException("The getter failed.") : value);

    public static string Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadString()!;
}

/// <summary>An integer as a result.</summary>
internal readonly struct IntValue(int value) : IResult
{
    public void Write<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct => writer.WriteInt64(value);
}
