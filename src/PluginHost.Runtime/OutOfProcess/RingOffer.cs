using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using PluginHost.Rpc.Transport;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Processes;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>The rings that a worker is offered in the handshake, or nothing. Disposed once the worker has answered: who took them holds them.</summary>
internal sealed class RingOffer : IDisposable
{
    private readonly SharedMemory? _memory;
    private readonly int _ringBytes;

    private RingOffer(SharedMemory? memory, int ringBytes)
    {
        _memory = memory;
        _ringBytes = ringBytes;
    }

    /// <summary>What the worker inherits for it.</summary>
    public IReadOnlyList<SafeHandle> Descriptors => _memory is null ? [] : [_memory.Descriptor];

    /// <summary>What the handshake says of it; it is the first of what the worker inherits.</summary>
    public IReadOnlyList<TransportOffer> Transports =>
        _memory is null ? [] : [new TransportOffer(WorkerProtocolVersion.Ring, SpawnRequest.ChannelDescriptor + 1, _ringBytes)];

    /// <summary>Makes the rings where the options want them and the system has them.</summary>
    public static RingOffer Of(ProcessTierOptions options, string pluginId, ILogger logger)
    {
        if (options.Transport == WorkerTransport.Socket)
        {
            return new RingOffer(null, 0);
        }

        if (!RingTransport.IsSupported)
        {
            return Without("this system or processor has none", options, pluginId, logger);
        }

        try
        {
            return new RingOffer(RingTransport.CreateMemory(options.RingBytes), options.RingBytes);
        }
        catch (SharedMemoryException none)
        {
            return Without(none.Message, options, pluginId, logger);
        }
    }

    /// <summary>Changes to what the worker took. Nothing may be sent between its answer and this.</summary>
    /// <returns>False where it took what it was not offered.</returns>
    public bool Agree(HelloReply reply, RingTransport transport, string pluginId, ILogger logger)
    {
        if (reply.Transport == WorkerProtocolVersion.Ring && _memory is not null)
        {
            transport.UseRing(_memory.Mapping, _ringBytes, isHost: true);
            return true;
        }

        if (_memory is not null)
        {
            Log.RingNotTaken(logger, pluginId, reply.Pid, reply.TransportProblem);
        }

        return reply.Transport == WorkerProtocolVersion.Socket;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory?.Dispose();

    private static RingOffer Without(string reason, ProcessTierOptions options, string pluginId, ILogger logger)
    {
        Log.NoRing(logger, options.Transport == WorkerTransport.Ring ? LogLevel.Warning : LogLevel.Information, pluginId, reason);
        return new RingOffer(null, 0);
    }
}
