using System.Buffers;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Payloads;

/// <summary>
/// The large values of one message that came in. Used again for the next message, after <see cref="End"/>. Not thread-safe.
/// </summary>
/// <param name="port">The connection's large values.</param>
/// <param name="mayBorrow">True where arguments are read where they are, and <see cref="End"/> comes when the call is answered.</param>
internal sealed class InboundPayloads(PayloadPort port, bool mayBorrow) : PayloadSource
{
    // Null until the first large value: most connections see none, and the lists' code would be compiled at every worker's start.
    private Held? _held;

    private Held Values => _held ??= new Held();

    /// <inheritdoc/>
    public override byte[] Copy(PayloadReference reference)
    {
        if (reference.Carrier == PayloadCarrier.Chunks)
        {
            return port.Collect(reference);
        }

        port.Claim(reference);
        Values.Claimed.Add(reference);
        return port.Copy(reference);
    }

    /// <inheritdoc/>
    public override Memory<byte> Borrow(PayloadReference reference)
    {
        if (reference.Carrier == PayloadCarrier.Chunks || !mayBorrow || !port.TrustsPeer)
        {
            return Copy(reference);
        }

        port.Claim(reference);
        Values.Claimed.Add(reference);
        MappedBytes borrowed = port.Map(reference, released: null);
        Values.Borrowed.Add(borrowed);
        return borrowed.Memory;
    }

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Own(PayloadReference reference)
    {
        IMemoryOwner<byte> owner;
        if (reference.Carrier == PayloadCarrier.Chunks || !port.TrustsPeer)
        {
            owner = new OwnedMemory(Copy(reference));
        }
        else
        {
            port.Claim(reference);
            Values.Kept.Add(reference);
            owner = port.Map(reference, port.GiveBack);
        }

        Values.Owners.Add(owner);
        return owner;
    }

    /// <inheritdoc/>
    public override void Drop(PayloadReference reference)
    {
        if (reference.Carrier == PayloadCarrier.Chunks)
        {
            port.AbortTransfer(reference.Place);
        }
        else if (!Values.Claimed.Contains(reference) && !Values.Kept.Contains(reference))
        {
            port.Claim(reference);
            Values.Claimed.Add(reference);
        }
    }

    /// <summary>Gives back what was only read. What is borrowed cannot be reached any more; what is owned stays.</summary>
    /// <param name="isDelivered">False where nobody got the owners: then they are disposed too.</param>
    public void End(bool isDelivered)
    {
        if (_held is not { } held)
        {
            // Most messages hold none, and cost nothing here.
            return;
        }

        held.Borrowed.ForEach(static borrowed => ((IDisposable)borrowed).Dispose());
        foreach (PayloadReference claimed in held.Claimed)
        {
            port.GiveBack(claimed);
        }

        if (!isDelivered)
        {
            held.Owners.ForEach(static owner => owner.Dispose());
        }

        held.Borrowed.Clear();
        held.Claimed.Clear();
        held.Kept.Clear();
        held.Owners.Clear();
    }

    /// <summary>What one message holds.</summary>
    private sealed class Held
    {
        public List<PayloadReference> Claimed { get; } = [];

        public List<PayloadReference> Kept { get; } = [];

        public List<MappedBytes> Borrowed { get; } = [];

        public List<IMemoryOwner<byte>> Owners { get; } = [];
    }
}
