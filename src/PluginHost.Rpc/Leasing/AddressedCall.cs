using System.Buffers.Text;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Leasing;

/// <summary>A call whose name on the wire is not its method's: it goes to something that the peer handed out.</summary>
internal interface IAddressedCall
{
    /// <summary>Starts the request; the arguments follow.</summary>
    void BeginRequest(OutputBuffer output, RpcCodec codec, long id);
}

/// <summary>Marks a call that is one step of a sequence: part of the call that gave the sequence, and no call of its own.</summary>
public interface ISequenceStep;

/// <summary>A call of an object that the peer handed out.</summary>
internal readonly struct ObjectCall<TCall, TResult>(long handle, TCall call, string? chain) : ICall<TResult>, IAddressedCall
    where TCall : struct, ICall<TResult>
{
    /// <inheritdoc/>
    public static ContractMethod Method => TCall.Method;

    /// <inheritdoc/>
    public static bool HasChain => true;

    /// <inheritdoc/>
    public string? Chain => chain;

    /// <inheritdoc/>
    public void BeginRequest(OutputBuffer output, RpcCodec codec, long id)
    {
        ReadOnlySpan<byte> method = TCall.Method.Utf8WireName;
        method = method[(method.LastIndexOf((byte)'.') + 1)..];
        int most = ObjectName.Prefix.Length + ObjectName.LongestHandle + 1 + method.Length;
        Span<byte> name = most <= 256 ? stackalloc byte[256] : new byte[most];
        EnvelopeWriter.BeginRequest(output, codec, id, name[..ObjectName.Write(name, handle, method)]);
    }

    /// <inheritdoc/>
    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct => call.WriteArguments(ref writer);

    /// <inheritdoc/>
    public static TResult ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => TCall.ReadResult(ref reader);

    /// <inheritdoc/>
    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => TCall.ReadError(type, ref reader);
}

/// <summary>One step of a sequence of the peer: counts, times out and fails as the method that gave the sequence.</summary>
internal readonly struct StepCall<TCall, TResult, T, TCodec>(long token, string? chain) : ICall<SequenceBatch<T>>, IAddressedCall, ISequenceStep
    where TCall : struct, ICall<TResult>
    where TCodec : struct, IValueCodec<T>
{
    /// <inheritdoc/>
    public static ContractMethod Method => TCall.Method;

    /// <inheritdoc/>
    public static bool HasChain => true;

    /// <inheritdoc/>
    public string? Chain => chain;

    /// <inheritdoc/>
    public void BeginRequest(OutputBuffer output, RpcCodec codec, long id) => EnvelopeWriter.BeginRequest(output, codec, id, "$/enumerator/next"u8);

    /// <inheritdoc/>
    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        writer.WriteInt64(token);
        writer.EndArray();
    }

    /// <inheritdoc/>
    public static SequenceBatch<T> ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => SequenceBatch<T>.Read<TReader, TCodec>(ref reader);

    /// <inheritdoc/>
    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => TCall.ReadError(type, ref reader);
}

/// <summary>The names of calls to objects: <c>$/invokeProxy/HANDLE/METHOD</c>, or <c>…/IFACE.METHOD</c>.</summary>
internal static class ObjectName
{
    /// <summary>How long a handle may be.</summary>
    public const int LongestHandle = 20;

    /// <summary>What all begin with.</summary>
    public static ReadOnlySpan<byte> Prefix => "$/invokeProxy/"u8;

    /// <summary>Writes a name; the length.</summary>
    public static int Write(Span<byte> name, long handle, ReadOnlySpan<byte> method)
    {
        Prefix.CopyTo(name);
        Utf8Formatter.TryFormat(handle, name[Prefix.Length..], out int digits);
        int at = Prefix.Length + digits;
        name[at++] = (byte)'/';
        method.CopyTo(name[at..]);
        return at + method.Length;
    }

    /// <summary>Takes a name apart; false where it is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> name, out long handle, out ReadOnlySpan<byte> method)
    {
        method = default;
        handle = 0;
        if (!name.StartsWith(Prefix) || !Utf8Parser.TryParse(name[Prefix.Length..], out handle, out int digits))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = name[(Prefix.Length + digits)..];
        if (rest.Length < 2 || rest[0] != (byte)'/')
        {
            return false;
        }

        // The number of an optional interface stands before a dot; an object has one contract here, so it says nothing more.
        method = rest[1..];
        int dot = method.IndexOf((byte)'.');
        if (dot > 0 && method[..dot].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
        {
            method = method[(dot + 1)..];
        }

        return method.Length > 0;
    }
}
