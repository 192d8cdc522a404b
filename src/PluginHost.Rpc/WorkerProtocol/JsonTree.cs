using System.Text.Json;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>Writes any JSON value in any codec.</summary>
internal static class JsonTree
{
    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, JsonElement value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.BeginMap(value.GetPropertyCount());
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    writer.WriteKey(member.Name);
                    Write(ref writer, member.Value);
                }

                writer.EndMap();
                break;
            case JsonValueKind.Array:
                writer.BeginArray(value.GetArrayLength());
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Write(ref writer, item);
                }

                writer.EndArray();
                break;
            case JsonValueKind.String:
                writer.WriteString(value.GetString());
                break;
            case JsonValueKind.Number:
                WriteNumber(ref writer, value);
                break;
            case JsonValueKind.True or JsonValueKind.False:
                writer.WriteBoolean(value.GetBoolean());
                break;
            default:
                writer.WriteNull();
                break;
        }
    }

    private static void WriteNumber<TWriter>(ref TWriter writer, JsonElement value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        if (value.TryGetInt64(out long integer))
        {
            writer.WriteInt64(integer);
        }
        else if (value.TryGetUInt64(out ulong large))
        {
            writer.WriteUInt64(large);
        }
        else
        {
            writer.WriteDouble(value.GetDouble());
        }
    }
}
