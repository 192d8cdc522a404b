using System.Buffers.Binary;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Leasing;

/// <summary>Corrects the header of a MessagePack array whose length was not known when it was begun.</summary>
internal static class MessagePackArrays
{
    private const int MostInShortHeader = 15;

    /// <summary>Sets the count of the array that begins at a place, has the one-byte header of an empty one, and ends where the buffer ends.</summary>
    public static void SetCount(OutputBuffer output, int start, int count)
    {
        if (count <= MostInShortHeader)
        {
            output.Written(start, 1)[0] = (byte)(MessagePackCode.FixArray | count);
            return;
        }

        output.Shift(start + 1, sizeof(ushort));
        Span<byte> header = output.Written(start, 1 + sizeof(ushort));
        header[0] = MessagePackCode.Array16;
        BinaryPrimitives.WriteUInt16BigEndian(header[1..], (ushort)count);
    }
}
