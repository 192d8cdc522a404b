using System.Diagnostics;
using System.Globalization;
using System.Text;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Connection;

/// <summary>
/// W3C trace context on the wire: the members <c>traceparent</c> and <c>tracestate</c> of requests and notifications. What is malformed or too
/// long is as good as absent.
/// </summary>
internal static class TraceContext
{
    /// <summary>The longest <c>tracestate</c> that is sent or taken, in characters.</summary>
    public const int MaxState = 512;

    private const int ParentLength = 55;
    private const int TraceIdBytes = 16;
    private const int SpanIdBytes = 8;

    /// <summary>Where activities of handlers come from.</summary>
    public static ActivitySource Source { get; } = new("PluginHost.Rpc");

    /// <summary>Adds the current activity, where there is one, behind a message's other members.</summary>
    /// <param name="output">The message, without its end.</param>
    /// <param name="codec">Its codec.</param>
    /// <param name="start">Where the message begins.</param>
    public static void Write(OutputBuffer output, RpcCodec codec, int start)
    {
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity)
        {
            Write(output, codec, start, activity);
        }
    }

    /// <summary>Reads what a message says of its caller's trace; false where it says nothing that can be used.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, out ActivityContext context)
    {
        context = default;
        if (envelope.TraceParent.IsAbsent)
        {
            return false;
        }

        try
        {
            string? state = envelope.TraceState.IsAbsent ? null : ReadState(envelope.TraceState.Of(frame), codec);
            return ReadParent(envelope.TraceParent.Of(frame), codec) is { } parent
                && ActivityContext.TryParse(parent, state is { Length: <= MaxState } ? state : null, isRemote: true, out context);
        }
        catch (ValueFormatException)
        {
            return false;
        }
    }

    /// <summary>Starts a handler's activity; null where nobody listens.</summary>
    /// <param name="name">The method.</param>
    /// <param name="caller">The caller's trace, or nothing.</param>
    /// <param name="isTrusted">It becomes the parent; else it is only linked.</param>
    public static Activity? Start(string name, ActivityContext caller, bool isTrusted)
    {
        if (caller == default || isTrusted)
        {
            return Source.StartActivity(name, ActivityKind.Server, caller);
        }

        return Source.StartActivity(name, ActivityKind.Server, default(ActivityContext), tags: null, links: [new ActivityLink(caller)]);
    }

    private static void Write(OutputBuffer output, RpcCodec codec, int start, Activity activity)
    {
        string? state = activity.TraceStateString is { Length: > 0 and <= MaxState } text ? text : null;
        if (codec == RpcCodec.MessagePack)
        {
            WriteMessagePack(output, activity, state);

            // The map's header is one byte: a message has few members.
            output.Written(start, 1)[0] += (byte)(state is null ? 1 : 2);
            return;
        }

        output.Write(",\"traceparent\":"u8);
        JsonText.Write(output, activity.Id);
        if (state is not null)
        {
            output.Write(",\"tracestate\":"u8);
            JsonText.Write(output, state);
        }
    }

    private static void WriteMessagePack(OutputBuffer output, Activity activity, string? state)
    {
        Span<byte> bytes = stackalloc byte[TraceIdBytes];
        scoped MessagePackValueWriter writer = new(output);
        writer.WriteName("traceparent"u8);
        writer.BeginArray(2);
        writer.WriteInt64(0);
        writer.BeginArray(3);
        activity.TraceId.CopyTo(bytes);
        writer.WriteBinary(bytes);
        activity.SpanId.CopyTo(bytes[..SpanIdBytes]);
        writer.WriteBinary(bytes[..SpanIdBytes]);
        writer.WriteInt64((long)activity.ActivityTraceFlags);
        writer.EndArray();
        writer.EndArray();
        if (state is null)
        {
            return;
        }

        string[] members = state.Split([',', '='], StringSplitOptions.TrimEntries);
        writer.WriteName("tracestate"u8);
        if (members.Length % 2 != 0)
        {
            // A value with '=' in it, or something that is no tracestate: as text it is what it was.
            writer.WriteString(state);
            return;
        }

        writer.BeginArray(members.Length);
        foreach (string member in members)
        {
            writer.WriteString(member);
        }

        writer.EndArray();
    }

    private static string? ReadParent(ReadOnlySpan<byte> value, RpcCodec codec)
    {
        if (codec == RpcCodec.Json)
        {
            JsonValueReader json = new(value);
            return value.Length <= ParentLength * 2 && json.Peek() == ValueKind.String ? json.ReadString() : null;
        }

        MessagePackValueReader reader = new(value);
        if (reader.Peek() == ValueKind.String)
        {
            return value.Length <= ParentLength * 2 ? reader.ReadString() : null;
        }

        ValueScope pair = reader.BeginArray();
        if (!reader.NextElement(ref pair) || reader.ReadInt64() != 0 || !reader.NextElement(ref pair))
        {
            return null;
        }

        ValueScope parts = reader.BeginArray();
        byte[]? trace = reader.NextElement(ref parts) ? reader.ReadBinary() : null;
        byte[]? span = reader.NextElement(ref parts) ? reader.ReadBinary() : null;
        long flags = reader.NextElement(ref parts) ? reader.ReadInt64() : -1;
        return trace?.Length == TraceIdBytes && span?.Length == SpanIdBytes && flags is >= 0 and <= byte.MaxValue
            ? $"00-{Convert.ToHexStringLower(trace)}-{Convert.ToHexStringLower(span)}-{flags.ToString("x2", CultureInfo.InvariantCulture)}"
            : null;
    }

    private static string? ReadState(ReadOnlySpan<byte> value, RpcCodec codec)
    {
        // A character is six bytes at most, as an escape.
        if (value.Length > MaxState * 6)
        {
            return null;
        }

        if (codec == RpcCodec.Json)
        {
            JsonValueReader json = new(value);
            return json.Peek() == ValueKind.String ? json.ReadString() : null;
        }

        MessagePackValueReader reader = new(value);
        if (reader.Peek() == ValueKind.String)
        {
            return reader.ReadString();
        }

        StringBuilder state = new();
        ValueScope members = reader.BeginArray();
        for (int index = 0; reader.NextElement(ref members); index++)
        {
            state.Append(index == 0 ? "" : index % 2 == 0 ? "," : "=").Append(reader.ReadString());
        }

        return state.ToString();
    }
}
