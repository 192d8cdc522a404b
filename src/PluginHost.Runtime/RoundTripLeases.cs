using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Runtime;

/// <summary>
/// Keeps what stays with its owner while a round trip's message carries only a number; reports and items go through the codec one by one.
/// Thread-safe.
/// </summary>
internal sealed class RoundTripLeases : Leases
{
    private readonly ConcurrentDictionary<long, object> _written = new();
    private readonly ConditionalWeakTable<object, object> _proxies = [];
    private long _last;

    /// <summary>What the application holds of a plugin whose guard is <paramref name="target"/>.</summary>
    public static object Proxy(ContractDescriptor contract, object target) => new RoundTripLeases().ProxyOf(contract, target);

    /// <inheritdoc/>
    public override void WriteProgress<TWriter, T, TCodec>(ref TWriter writer, IProgress<T>? progress) => Write(ref writer, progress);

    /// <inheritdoc/>
    public override IProgress<T>? ReadProgress<TReader, T, TCodec>(ref TReader reader) =>
        Read(ref reader) is IProgress<T> progress ? new CodecProgress<T, TCodec>(progress) : null;

    /// <inheritdoc/>
    public override void WriteSequence<TWriter, T, TCodec>(ref TWriter writer, IAsyncEnumerable<T>? sequence) => Write(ref writer, sequence);

    /// <inheritdoc/>
    public override IAsyncEnumerable<T>? ReadSequence<TReader, T, TCodec>(ref TReader reader) =>
        Read(ref reader) is IAsyncEnumerable<T> sequence ? ItemsAsync<T, TCodec>(sequence) : null;

    /// <inheritdoc/>
    public override void WriteObject<TWriter>(ref TWriter writer, object? target, ContractDescriptor contract, ObjectLifetime lifetime) => Write(ref writer, target);

    /// <inheritdoc/>
    public override object? ReadObject<TReader>(ref TReader reader, ContractDescriptor contract)
    {
        if (Read(ref reader) is not { } target)
        {
            return null;
        }

        return _proxies.TryGetValue(target, out object? own) ? own : ProxyOf(contract, target);
    }

    private object ProxyOf(ContractDescriptor contract, object target)
    {
        object proxy = contract.CreateProxy(new RoundTripInvoker(contract.CreateDispatcher(target), target, this));
        _proxies.Add(proxy, target);
        return proxy;
    }

    private void Write<TWriter>(ref TWriter writer, object? value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        if (value is null)
        {
            writer.WriteNull();
            return;
        }

        long number = Interlocked.Increment(ref _last);
        _written[number] = value;
        writer.WriteInt64(number);
    }

    // Each message is read once.
    private object? Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        if (reader.TryReadNull())
        {
            return null;
        }

        return _written.TryRemove(reader.ReadInt64(), out object? value) ? value : throw new ValueFormatException("There is no lease of this number.");
    }

    private static async IAsyncEnumerable<T> ItemsAsync<T, TCodec>(IAsyncEnumerable<T> sequence, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where TCodec : struct, IValueCodec<T>
    {
        await foreach (T item in sequence.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            yield return Copy<T, TCodec>(item);
        }
    }

    private static T Copy<T, TCodec>(T value)
        where TCodec : struct, IValueCodec<T>
    {
        OutputBuffer output = new();
        MessagePackValueWriter writer = new(output);
        TCodec.Write(ref writer, value);
        MessagePackValueReader reader = new(output.WrittenSpan);
        return TCodec.Read(ref reader);
    }

    private sealed class CodecProgress<T, TCodec>(IProgress<T> target) : IProgress<T>
        where TCodec : struct, IValueCodec<T>
    {
        public void Report(T value) => target.Report(Copy<T, TCodec>(value));
    }
}
