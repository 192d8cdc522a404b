using System.Buffers.Text;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Codecs;

/// <summary>Writes what stands around arguments, results and errors, with the members in their canonical order.</summary>
internal static class EnvelopeWriter
{
    /// <summary>Starts a request; the arguments follow.</summary>
    public static void BeginRequest(OutputBuffer output, RpcCodec codec, long id, ReadOnlySpan<byte> method)
    {
        if (codec == RpcCodec.MessagePack)
        {
            output.Write(MessagePackRequest);
            MessagePackValueWriter writer = new(output);
            writer.WriteInt64(id);
            output.Write(MessagePackMethod);
            writer.WriteUtf8(method);
            output.Write(MessagePackParams);
            return;
        }

        output.Write("{\"jsonrpc\":\"2.0\",\"id\":"u8);
        Utf8Formatter.TryFormat(id, output.Free(20), out int written);
        output.Advance(written);
        output.Write(",\"method\":"u8);
        JsonText.Write(output, method);
        output.Write(",\"params\":"u8);
    }

    /// <summary>Starts a notification; the arguments follow.</summary>
    public static void BeginNotification(OutputBuffer output, RpcCodec codec, ReadOnlySpan<byte> method)
    {
        if (codec == RpcCodec.MessagePack)
        {
            output.Write(MessagePackNotification);
            MessagePackValueWriter writer = new(output);
            writer.WriteUtf8(method);
            output.Write(MessagePackParams);
            return;
        }

        output.Write("{\"jsonrpc\":\"2.0\",\"method\":"u8);
        JsonText.Write(output, method);
        output.Write(",\"params\":"u8);
    }

    /// <summary>Starts an answer with a result; the value follows.</summary>
    /// <param name="output">Where to write.</param>
    /// <param name="codec">The codec of the request.</param>
    /// <param name="rawId">The request's id as it was written.</param>
    /// <param name="tellsInside">True where <see cref="EndResult"/> says the callee's own time.</param>
    public static void BeginResult(OutputBuffer output, RpcCodec codec, ReadOnlySpan<byte> rawId, bool tellsInside) =>
        BeginAnswer(output, codec, rawId, tellsInside ? MessagePackFour : MessagePackThree, MessagePackResult, ",\"result\":"u8);

    /// <summary>Starts an answer with an error; the error's map follows.</summary>
    public static void BeginError(OutputBuffer output, RpcCodec codec, ReadOnlySpan<byte> rawId) =>
        BeginAnswer(output, codec, rawId, MessagePackThree, MessagePackError, ",\"error\":"u8);

    /// <summary>Ends an answer with a result.</summary>
    /// <param name="output">Where to write.</param>
    /// <param name="codec">As at the start.</param>
    /// <param name="inside">The callee's own time in nanoseconds, or -1 where it is not told.</param>
    public static void EndResult(OutputBuffer output, RpcCodec codec, long inside)
    {
        if (inside < 0)
        {
            End(output, codec);
            return;
        }

        if (codec == RpcCodec.MessagePack)
        {
            output.Write(MessagePackInside);
            MessagePackValueWriter writer = new(output);
            writer.WriteInt64(inside);
            return;
        }

        output.Write(",\"inside\":"u8);
        Utf8Formatter.TryFormat(inside, output.Free(20), out int written);
        output.Advance(written);
        output.WriteByte((byte)'}');
    }

    /// <summary>Ends a request, a notification or an answer with an error.</summary>
    public static void End(OutputBuffer output, RpcCodec codec)
    {
        if (codec == RpcCodec.Json)
        {
            output.WriteByte((byte)'}');
        }
    }

    /// <summary>Writes the notification that asks the peer to stop a call.</summary>
    public static void WriteCancel(OutputBuffer output, RpcCodec codec, long id)
    {
        BeginNotification(output, codec, "$/cancelRequest"u8);
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueWriter writer = new(output);
            writer.BeginMap(1);
            writer.WriteName("id"u8);
            writer.WriteInt64(id);
        }
        else
        {
            JsonValueWriter writer = new(output);
            writer.BeginMap(1);
            writer.WriteName("id"u8);
            writer.WriteInt64(id);
            writer.EndMap();
        }

        End(output, codec);
    }

    private static void BeginAnswer(
        OutputBuffer output,
        RpcCodec codec,
        ReadOnlySpan<byte> rawId,
        ReadOnlySpan<byte> start,
        ReadOnlySpan<byte> member,
        ReadOnlySpan<byte> jsonMember)
    {
        output.Write(codec == RpcCodec.MessagePack ? start : "{\"jsonrpc\":\"2.0\",\"id\":"u8);
        output.Write(rawId);
        output.Write(codec == RpcCodec.MessagePack ? member : jsonMember);
    }

    // The constant parts of MessagePack messages: the map's header, then names as fixed strings and "2.0".
    private static ReadOnlySpan<byte> MessagePackRequest =>
        [0x84, 0xa7, 0x6a, 0x73, 0x6f, 0x6e, 0x72, 0x70, 0x63, 0xa3, 0x32, 0x2e, 0x30, 0xa2, 0x69, 0x64];

    private static ReadOnlySpan<byte> MessagePackNotification =>
        [0x83, 0xa7, 0x6a, 0x73, 0x6f, 0x6e, 0x72, 0x70, 0x63, 0xa3, 0x32, 0x2e, 0x30, 0xa6, 0x6d, 0x65, 0x74, 0x68, 0x6f, 0x64];

    private static ReadOnlySpan<byte> MessagePackFour =>
        [0x84, 0xa7, 0x6a, 0x73, 0x6f, 0x6e, 0x72, 0x70, 0x63, 0xa3, 0x32, 0x2e, 0x30, 0xa2, 0x69, 0x64];

    private static ReadOnlySpan<byte> MessagePackThree =>
        [0x83, 0xa7, 0x6a, 0x73, 0x6f, 0x6e, 0x72, 0x70, 0x63, 0xa3, 0x32, 0x2e, 0x30, 0xa2, 0x69, 0x64];

    private static ReadOnlySpan<byte> MessagePackMethod =>
        [0xa6, 0x6d, 0x65, 0x74, 0x68, 0x6f, 0x64];

    private static ReadOnlySpan<byte> MessagePackParams =>
        [0xa6, 0x70, 0x61, 0x72, 0x61, 0x6d, 0x73];

    private static ReadOnlySpan<byte> MessagePackResult =>
        [0xa6, 0x72, 0x65, 0x73, 0x75, 0x6c, 0x74];

    private static ReadOnlySpan<byte> MessagePackError =>
        [0xa5, 0x65, 0x72, 0x72, 0x6f, 0x72];

    private static ReadOnlySpan<byte> MessagePackInside =>
        [0xa6, 0x69, 0x6e, 0x73, 0x69, 0x64, 0x65];
}
