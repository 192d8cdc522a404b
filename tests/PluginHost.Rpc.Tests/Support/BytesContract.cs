using System.Buffers;
using System.Collections.Concurrent;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>A contract of large values, written by hand as the generator would.</summary>
internal sealed class BytesContract : ContractDescriptor
{
    public static readonly ContractMethod Echo = new(0, "Echo", "Bytes.Echo");
    public static readonly ContractMethod Sum = new(1, "Sum", "Bytes.Sum");
    public static readonly ContractMethod Keep = new(2, "Keep", "Bytes.Keep");
    public static readonly ContractMethod Two = new(3, "Two", "Bytes.Two");

    public static BytesContract Instance { get; } = new();

    public override string Name => "PluginHost.Rpc.Tests.IBytes";

    public override int Major => 1;

    public override Type InterfaceType => typeof(BytesDispatcher);

    public override IReadOnlyList<ContractMethod> Methods { get; } = [Echo, Sum, Keep, Two];

    public override object CreateProxy(IInvoker invoker) => throw new NotSupportedException();

    public override Guard CreateGuard(GuardSite site) => throw new NotSupportedException();

    public override Dispatcher CreateDispatcher(object target) => throw new NotSupportedException();
}

/// <summary>How the answer's bytes are read.</summary>
internal interface IBytesReading<T>
{
    static abstract ContractMethod Method { get; }

    static abstract T Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct;
}

/// <summary>As an array of the reader's own.</summary>
internal readonly struct AsArray : IBytesReading<byte[]>
{
    public static ContractMethod Method => BytesContract.Echo;

    public static byte[] Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadBinary()!;
}

/// <summary>As memory of the reader's own.</summary>
internal readonly struct AsMemory : IBytesReading<Memory<byte>>
{
    public static ContractMethod Method => BytesContract.Echo;

    public static Memory<byte> Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadMemory();
}

/// <summary>As memory that is owned until it is disposed.</summary>
internal readonly struct AsOwner : IBytesReading<IMemoryOwner<byte>>
{
    public static ContractMethod Method => BytesContract.Echo;

    public static IMemoryOwner<byte> Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadMemoryOwner()!;
}

/// <summary>Sends bytes and gets them back.</summary>
internal readonly struct EchoBytesCall<T, TReading>(ReadOnlyMemory<byte> bytes) : ICall<T>
    where TReading : struct, IBytesReading<T>
{
    public static ContractMethod Method => TReading.Method;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.WriteBinary(bytes.Span);
        writer.EndArray();
    }

    public static T ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => TReading.Read(ref reader);

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Sends bytes to a method that tells their hash; or one that waits before it looks, or one that fails to read the argument behind them.</summary>
internal readonly struct HashCall(ReadOnlyMemory<byte> bytes, int gate = -1) : ICall<long>
{
    public static ContractMethod Method => BytesContract.Sum;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(2);
        writer.WriteBinary(bytes.Span);
        writer.WriteInt64(gate);
        writer.EndArray();
    }

    public static long ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => reader.ReadInt64();

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>Asks for two large values, and reads the first as a number: its reading fails.</summary>
internal readonly struct BadTwoCall : ICall<long>
{
    public static ContractMethod Method => BytesContract.Two;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(0);
        writer.EndArray();
    }

    public static long ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        ValueScope scope = reader.BeginArray();
        reader.NextElement(ref scope);
        using IMemoryOwner<byte>? first = reader.ReadMemoryOwner();
        reader.NextElement(ref scope);
        return reader.ReadInt64();
    }

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>A notification with large bytes.</summary>
internal readonly struct KeepCall(ReadOnlyMemory<byte> bytes) : ICall<NoResult>
{
    public static ContractMethod Method => BytesContract.Keep;

    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.WriteBinary(bytes.Span);
        writer.EndArray();
    }

    public static NoResult ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        reader.Skip();
        return default;
    }

    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

/// <summary>The callee.</summary>
internal sealed class BytesDispatcher : Dispatcher
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _gates = new();

    public override ContractDescriptor Contract => BytesContract.Instance;

    /// <summary>The memory that the last call of Keep was given, and kept against the rule.</summary>
    public ConcurrentQueue<Memory<byte>> Kept { get; } = new();

    /// <summary>True where the last argument of Sum was no array.</summary>
    public bool WasInPlace { get; private set; }

    /// <summary>True once a call waits at a gate, with its arguments read.</summary>
    public bool IsAtGate(int key) => _gates.ContainsKey(key);

    public TaskCompletionSource Gate(int key) =>
        _gates.GetOrAdd(key, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    public static long Hash(ReadOnlySpan<byte> bytes)
    {
        HashCode hash = default;
        hash.AddBytes(bytes);
        return hash.ToHashCode();
    }

    public override int Find(ReadOnlySpan<byte> utf8WireName)
    {
        foreach (ContractMethod method in BytesContract.Instance.Methods)
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
        switch (method)
        {
            case 0:
                arguments.NextElement(ref scope);
                reply.Send(new BytesResult(arguments.ReadMemory()));
                return ValueTask.CompletedTask;
            case 1:
                arguments.NextElement(ref scope);
                Memory<byte> bytes = arguments.ReadMemory();
                WasInPlace = !System.Runtime.InteropServices.MemoryMarshal.TryGetArray<byte>(bytes, out _);
                arguments.NextElement(ref scope);
                return SumAsync(bytes, arguments.ReadInt32(), reply, cancellationToken);
            case 2:
                arguments.NextElement(ref scope);
                Kept.Enqueue(arguments.ReadMemory());
                reply.Send(default(BytesResult));
                return ValueTask.CompletedTask;
            default:
                reply.Send(new TwoResult(new byte[100_000]));
                return ValueTask.CompletedTask;
        }
    }

    public override string? FindError(int method, Exception exception) => null;

    public override void WriteError<TWriter>(int method, Exception exception, ref TWriter writer) => throw new NotSupportedException();

    private async ValueTask SumAsync(Memory<byte> bytes, int gate, Reply reply, CancellationToken cancellationToken)
    {
        if (gate >= 0)
        {
            await Gate(gate).Task.WaitAsync(cancellationToken);
        }

        reply.Send(new NumberResult(Hash(bytes.Span)));
    }

    private readonly struct BytesResult(Memory<byte> value) : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => writer.WriteBinary(value.Span);
    }

    private readonly struct TwoResult(byte[] value) : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct
        {
            writer.BeginArray(2);
            writer.WriteBinary(value);
            writer.WriteBinary(value);
            writer.EndArray();
        }
    }

    private readonly struct NumberResult(long value) : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => writer.WriteInt64(value);
    }
}
