using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fixtures.FakeWorker;

/// <summary>The channel by hand: a length of four bytes and a JSON text, or whatever else is to be written there.</summary>
internal sealed class Wire : IDisposable
{
    private readonly Socket _socket = new(new SafeSocketHandle(
        int.Parse(Environment.GetEnvironmentVariable("PLUGINHOST_FD")!, CultureInfo.InvariantCulture), ownsHandle: true));

    /// <summary>Reads one message; null where the host has closed the channel.</summary>
    public JsonNode? Read() => Fill(4) is { } length && Fill(BinaryPrimitives.ReadInt32BigEndian(length)) is { } body ? JsonNode.Parse(body) : null;

    public void Answer(JsonNode call, JsonNode? result) => Send(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = call["id"]!.DeepClone(), ["result"] = result });

    public void Refuse(JsonNode call, string message) =>
        Send(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = call["id"]!.DeepClone(), ["error"] = new JsonObject { ["code"] = -32000, ["message"] = message } });

    public void Send(JsonNode message) => Frame(JsonSerializer.Serialize(message));

    /// <summary>Sends a text with its right length, whatever it is.</summary>
    public void Frame(string text) => Raw(Framed(text));

    public static byte[] Framed(string text)
    {
        byte[] body = Encoding.UTF8.GetBytes(text);
        return [.. Length(body.Length), .. body];
    }

    public static byte[] Length(int bytes)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes);
        return length;
    }

    public void Raw(params ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[_socket.Send(bytes)..];
        }
    }

    public void Dispose() => _socket.Dispose();

    private byte[]? Fill(int count)
    {
        byte[] bytes = new byte[count];
        for (int have = 0; have < count;)
        {
            int more = _socket.Receive(bytes.AsSpan(have));
            if (more == 0)
            {
                return null;
            }

            have += more;
        }

        return bytes;
    }
}
