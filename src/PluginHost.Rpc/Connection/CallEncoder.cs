using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Connection;

/// <summary>Chooses the codec's writer or reader for generated code.</summary>
internal static class CallEncoder
{
    /// <summary>Writes a call's arguments.</summary>
    /// <param name="call">The call.</param>
    /// <param name="output">Where to write.</param>
    /// <param name="codec">The codec.</param>
    /// <param name="byName">True for an object of arguments in place of an array; JSON only.</param>
    /// <param name="leases">What outlives the call.</param>
    public static void WriteArguments<TCall, TResult>(in TCall call, OutputBuffer output, RpcCodec codec, bool byName, Leases? leases = null)
        where TCall : struct, ICall<TResult>
    {
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueWriter writer = new(output, leases);
            call.WriteArguments(ref writer);
        }
        else
        {
            int start = output.Length;
            JsonValueWriter writer = new(output, leases);
            call.WriteArguments(ref writer);
            if (byName)
            {
                NamedArguments.Apply(output, start, TCall.Method.Parameters);
            }
        }
    }

    /// <summary>Writes a result.</summary>
    public static void WriteResult<TResult>(in TResult result, OutputBuffer output, RpcCodec codec, Leases? leases = null)
        where TResult : struct, IResult
    {
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueWriter writer = new(output, leases);
            result.Write(ref writer);
        }
        else
        {
            JsonValueWriter writer = new(output, leases);
            result.Write(ref writer);
        }
    }

    /// <summary>Writes an error.</summary>
    public static void WriteError(OutputBuffer output, RpcCodec codec, int code, string message, Exception? exception)
    {
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueWriter writer = new(output);
            ErrorBody.Write(ref writer, code, message, exception, isDataRequired: true);
        }
        else
        {
            JsonValueWriter writer = new(output);
            ErrorBody.Write(ref writer, code, message, exception, isDataRequired: false);
        }
    }

    /// <summary>Writes a declared error.</summary>
    public static void WriteDeclared(OutputBuffer output, RpcCodec codec, string type, Dispatcher dispatcher, int method, Exception exception)
    {
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueWriter writer = new(output);
            ErrorBody.WriteDeclared(ref writer, type, dispatcher, method, exception);
        }
        else
        {
            JsonValueWriter writer = new(output);
            ErrorBody.WriteDeclared(ref writer, type, dispatcher, method, exception);
        }
    }

    /// <summary>Reads a result.</summary>
    public static TResult ReadResult<TCall, TResult>(ReadOnlySpan<byte> value, RpcCodec codec, Leases? leases, PayloadSource? payloads)
        where TCall : struct, ICall<TResult>
    {
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueReader reader = new(value, leases, payloads);
            return TCall.ReadResult(ref reader);
        }
        else
        {
            JsonValueReader reader = new(value, leases, payloads);
            return TCall.ReadResult(ref reader);
        }
    }

    /// <summary>Reads an error: a declared one as itself, any other as <see cref="RpcErrorException"/>.</summary>
    public static Exception ReadError<TCall, TResult>(ReadOnlySpan<byte> value, RpcCodec codec, PayloadSource? payloads)
        where TCall : struct, ICall<TResult>
    {
        ErrorBody body;
        Exception? declared = null;
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueReader reader = new(value);
            body = ErrorBody.Read(ref reader);
            reader = new MessagePackValueReader(value, null, payloads);
            if (IsDeclared(body) && ErrorBody.MoveToValue(ref reader))
            {
                declared = TCall.ReadError(body.Type!, ref reader);
            }
        }
        else
        {
            JsonValueReader reader = new(value);
            body = ErrorBody.Read(ref reader);
            reader = new JsonValueReader(value, null, payloads);
            if (IsDeclared(body) && ErrorBody.MoveToValue(ref reader))
            {
                declared = TCall.ReadError(body.Type!, ref reader);
            }
        }

        return declared ?? new RpcErrorException(TCall.Method.WireName, body);
    }

    /// <summary>Gives the large values of something back that nobody reads, or nobody has read to its end.</summary>
    public static void DropPayloads(ReadOnlySpan<byte> value, RpcCodec codec, PayloadSource payloads)
    {
        if (value.IsEmpty)
        {
            return;
        }

        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueReader reader = new(value, null, payloads);
            reader.Skip();
        }
        else
        {
            JsonValueReader reader = new(value, null, payloads);
            reader.Skip();
        }
    }

    /// <summary>Reads what an error says; of one that cannot be read, that.</summary>
    public static (int Code, string Message) ReadCodeAndMessage(ReadOnlySpan<byte> value, RpcCodec codec)
    {
        try
        {
            ErrorBody body;
            if (codec == RpcCodec.MessagePack)
            {
                MessagePackValueReader reader = new(value);
                body = ErrorBody.Read(ref reader);
            }
            else
            {
                JsonValueReader reader = new(value);
                body = ErrorBody.Read(ref reader);
            }

            return (body.Code, body.Message);
        }
        catch (ValueFormatException e)
        {
            return (0, $"(unreadable: {e.Message})");
        }
    }

    private static bool IsDeclared(ErrorBody body) => body is { Code: RpcErrorCodes.Declared, HasValue: true, Type: not null };
}
