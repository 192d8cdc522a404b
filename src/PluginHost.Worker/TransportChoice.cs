using Microsoft.Win32.SafeHandles;
using PluginHost.Rpc.Transport;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Worker;

/// <summary>Takes what the host offers in place of the socket, where it is what the host says it is.</summary>
/// <param name="transport">The worker's transport.</param>
internal sealed class TransportChoice(RingTransport transport)
{
    /// <summary>Changes to the first offer that can be used, and closes the descriptors of all.</summary>
    /// <param name="offers">The offers.</param>
    /// <param name="problem">Why none was taken; null where one was, or there was none.</param>
    /// <returns>True where one was taken.</returns>
    public bool Take(IReadOnlyList<TransportOffer> offers, out string? problem)
    {
        problem = null;
        bool isTaken = false;
        foreach (TransportOffer offer in offers)
        {
            using SafeFileHandle descriptor = new(offer.Descriptor, ownsHandle: true);
            if (isTaken || offer.Name != WorkerProtocolVersion.Ring)
            {
                problem ??= isTaken ? null : $"the transport '{offer.Name}' is not known";
                continue;
            }

            try
            {
                using SharedMemory memory = SharedMemory.Open(descriptor, RingTransport.MemoryBytes(offer.Bytes));
                transport.UseRing(memory.Mapping, offer.Bytes, isHost: false);

                // Until the process ends: a plugin that scribbles over it is to end by what that broke, not by what was unmapped under it.
                memory.Mapping.Hold();
                isTaken = true;
                problem = null;
            }
            catch (Exception unusable) when (unusable is SharedMemoryException or ArgumentException)
            {
                problem = unusable.Message;
            }
        }

        return isTaken;
    }
}
