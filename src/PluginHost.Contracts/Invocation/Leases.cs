namespace PluginHost.Contracts.Invocation;

/// <summary>How long a contract's object that was handed to the other side may be called.</summary>
public enum ObjectLifetime
{
    /// <summary>Until the receiver lets go of it, its owner takes it back, or the connection ends.</summary>
    Explicit,

    /// <summary>Until the call is answered that it was an argument of.</summary>
    Call,
}

/// <summary>
/// Writes and reads what cannot be copied and stays with its owner: progress, sequences, objects of contracts. What goes out is remembered under a
/// number until its lease ends; what comes in is something local that calls back. Reached through a writer or a reader, and bound to the call
/// that they serve. Thread-safe.
/// </summary>
public abstract class Leases
{
    /// <summary>Writes a receiver of progress; null where the caller wants none. Reports are taken until the call is answered.</summary>
    public abstract void WriteProgress<TWriter, T, TCodec>(ref TWriter writer, IProgress<T>? progress)
        where TWriter : struct, IValueWriter, allows ref struct
        where TCodec : struct, IValueCodec<T>;

    /// <summary>Reads a receiver of progress: something local whose reports go to the caller. Null where the caller wants none.</summary>
    public abstract IProgress<T>? ReadProgress<TReader, T, TCodec>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
        where TCodec : struct, IValueCodec<T>;

    /// <summary>Writes a sequence: its first items, where some are there already, and the number under which the others are asked for.</summary>
    public abstract void WriteSequence<TWriter, T, TCodec>(ref TWriter writer, IAsyncEnumerable<T>? sequence)
        where TWriter : struct, IValueWriter, allows ref struct
        where TCodec : struct, IValueCodec<T>;

    /// <summary>Reads a sequence that can be enumerated once.</summary>
    public abstract IAsyncEnumerable<T>? ReadSequence<TReader, T, TCodec>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
        where TCodec : struct, IValueCodec<T>;

    /// <summary>Writes a stream, as a sequence of its bytes in chunks. It is read as the other side reads, and disposed at its end.</summary>
    public void WriteStream<TWriter>(ref TWriter writer, Stream? stream)
        where TWriter : struct, IValueWriter, allows ref struct =>
        WriteSequence<TWriter, byte[], ByteChunks>(ref writer, stream is null ? null : new StreamSequence(stream));

    /// <summary>Reads a stream that can be read forward, once.</summary>
    public Stream? ReadStream<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct =>
        ReadSequence<TReader, byte[], ByteChunks>(ref reader) is { } chunks ? new SequenceStream(chunks) : null;

    /// <summary>Writes an object that implements a contract. One that came from the other side goes back as itself.</summary>
    public abstract void WriteObject<TWriter>(ref TWriter writer, object? target, ContractDescriptor contract, ObjectLifetime lifetime)
        where TWriter : struct, IValueWriter, allows ref struct;

    /// <summary>Reads an object that implements a contract: a proxy, or the very object that this side handed out before.</summary>
    public abstract object? ReadObject<TReader>(ref TReader reader, ContractDescriptor contract)
        where TReader : struct, IValueReader, allows ref struct;
}
