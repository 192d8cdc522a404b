using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Messages;

/// <summary>Finds one member of a map that comes next.</summary>
internal static class MapMember
{
    /// <summary>Moves to a member's value; false, with the map ended, where there is none of that name.</summary>
    public static bool MoveTo<TReader>(ref TReader reader, ReadOnlySpan<byte> member)
        where TReader : struct, IValueReader, allows ref struct
    {
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual(member))
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }
}
