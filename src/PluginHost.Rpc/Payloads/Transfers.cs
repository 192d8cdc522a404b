using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Payloads;

/// <summary>Large values that come in chunks, until a message names them. Bounded; memory is taken as chunks come, whatever they announce. Thread-safe.</summary>
/// <param name="limit">How many bytes may be here at once.</param>
internal sealed class Transfers(int limit)
{
    private const int MostTransfers = 1024;
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Transfer> _transfers = [];
    private long _bytes;

    /// <summary>Takes one chunk.</summary>
    /// <exception cref="MalformedMessageException">It does not fit what came before, or is more than may be here.</exception>
    public void Take(long number, long length, ReadOnlySpan<byte> bytes)
    {
        if (length < 1 || length > limit)
        {
            throw new MalformedMessageException(
                MessageFault.Limit, $"The peer sends a value of {length} bytes in chunks; MaxPayloadBytes is {limit}.") { Limit = "MaxPayloadBytes" };
        }

        lock (_lock)
        {
            if (!_transfers.TryGetValue(number, out Transfer? transfer))
            {
                transfer = new Transfer((int)length);
                _transfers.Add(number, transfer);
            }

            if (transfer.Length != length || bytes.Length > length - transfer.Count || bytes.IsEmpty)
            {
                throw new MalformedMessageException(
                    MessageFault.Protocol, $"A chunk of {bytes.Length} bytes does not fit transfer {number}: {transfer.Count} of {transfer.Length} bytes are here.");
            }

            _bytes += bytes.Length;
            if (_bytes > limit || _transfers.Count > MostTransfers)
            {
                throw new MalformedMessageException(
                    MessageFault.Limit,
                    $"The peer has {_transfers.Count} transfers with {_bytes} bytes under way; the limits are {MostTransfers} and MaxPayloadBytes ({limit}).") { Limit = "MaxPayloadBytes" };
            }

            transfer.Add(bytes);
        }
    }

    /// <summary>Takes a value out; null where it is not here as a whole.</summary>
    public byte[]? TryCollect(long number, long length)
    {
        lock (_lock)
        {
            if (!_transfers.TryGetValue(number, out Transfer? transfer) || transfer.Length != length || transfer.Count != length)
            {
                return null;
            }

            _transfers.Remove(number);
            _bytes -= length;
            return transfer.Bytes;
        }
    }

    /// <summary>Forgets a value; one that is not here is nothing.</summary>
    public void Remove(long number)
    {
        lock (_lock)
        {
            if (_transfers.Remove(number, out Transfer? transfer))
            {
                _bytes -= transfer.Count;
            }
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _transfers.Clear();
            _bytes = 0;
        }
    }

    /// <summary>A value that is coming.</summary>
    private sealed class Transfer(int length)
    {
        public byte[] Bytes { get; private set; } = [];

        public int Length => length;

        public int Count { get; private set; }

        public void Add(ReadOnlySpan<byte> bytes)
        {
            if (Bytes.Length - Count < bytes.Length)
            {
                // Never more than twice what has come, and exactly the whole at the end.
                byte[] larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(length, Math.Max(2L * Bytes.Length, (long)Count + bytes.Length)));
                Bytes.AsSpan(0, Count).CopyTo(larger);
                Bytes = larger;
            }

            bytes.CopyTo(Bytes.AsSpan(Count));
            Count += bytes.Length;
        }
    }
}
