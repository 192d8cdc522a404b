using System.Text;
using System.Text.Json;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Codecs;

/// <summary>Makes arguments that were written by position, in JSON, an object: for peers that take them by name.</summary>
internal static class NamedArguments
{
    /// <summary>Writes the arguments anew; those of a method whose parameters' names are not known stay as they are.</summary>
    /// <param name="output">Ends with the arguments, a JSON array.</param>
    /// <param name="start">Where they begin.</param>
    /// <param name="names">The parameters' names in order.</param>
    public static void Apply(OutputBuffer output, int start, IReadOnlyList<string> names)
    {
        byte[] array = output.WrittenSpan[start..].ToArray();
        List<Range> values = Values(array);
        if (values.Count != names.Count)
        {
            return;
        }

        output.Truncate(start);
        output.WriteByte((byte)'{');
        for (int i = 0; i < values.Count; i++)
        {
            if (i > 0)
            {
                output.WriteByte((byte)',');
            }

            JsonText.Write(output, Encoding.UTF8.GetBytes(names[i]));
            output.WriteByte((byte)':');
            output.Write(array.AsSpan(values[i]));
        }

        output.WriteByte((byte)'}');
    }

    private static List<Range> Values(ReadOnlySpan<byte> array)
    {
        List<Range> values = [];
        Utf8JsonReader reader = new(array);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            int from = (int)reader.TokenStartIndex;
            reader.Skip();
            values.Add(from..(int)reader.BytesConsumed);
        }

        return values;
    }
}
