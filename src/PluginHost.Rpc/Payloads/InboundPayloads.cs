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
    private readonly List<PayloadReference> _claimed = [];
    private readonly List<PayloadReference> _kept = [];
    private readonly List<MappedBytes> _borrowed = [];
    private readonly List<IMemoryOwner<byte>> _owners = [];

    /// <inheritdoc/>
    public override byte[] Copy(PayloadReference reference)
    {
        if (reference.Carrier == PayloadCarrier.Chunks)
        {
            return port.Collect(reference);
        }

        port.Claim(reference);
        _claimed.Add(reference);
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
        _claimed.Add(reference);
        MappedBytes borrowed = port.Map(reference, released: null);
        _borrowed.Add(borrowed);
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
            _kept.Add(reference);
            owner = port.Map(reference, port.GiveBack);
        }

        _owners.Add(owner);
        return owner;
    }

    /// <inheritdoc/>
    public override void Drop(PayloadReference reference)
    {
        if (reference.Carrier == PayloadCarrier.Chunks)
        {
            port.AbortTransfer(reference.Place);
        }
        else if (!_claimed.Contains(reference) && !_kept.Contains(reference))
        {
            port.Claim(reference);
            _claimed.Add(reference);
        }
    }

    /// <summary>Gives back what was only read. What is borrowed cannot be reached any more; what is owned stays.</summary>
    /// <param name="isDelivered">False where nobody got the owners: then they are disposed too.</param>
    public void End(bool isDelivered)
    {
        if (_claimed.Count + _kept.Count + _borrowed.Count + _owners.Count == 0)
        {
            // Most messages hold none, and cost nothing here.
            return;
        }

        _borrowed.ForEach(static borrowed => ((IDisposable)borrowed).Dispose());

        // Not ForEach: each message comes by here, and a delegate of the port's would be made for each.
        foreach (PayloadReference claimed in _claimed)
        {
            port.GiveBack(claimed);
        }

        if (!isDelivered)
        {
            _owners.ForEach(static owner => owner.Dispose());
        }

        _borrowed.Clear();
        _claimed.Clear();
        _kept.Clear();
        _owners.Clear();
    }
}
