using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Rpc.Payloads;
using PluginHost.Rpc.Transport;
using PluginHost.Runtime.Processes;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>How large values travel between the host and one worker: memory that the worker inherits, or nothing and so in parts.</summary>
internal sealed class PayloadOffer
{
    private readonly PayloadMemory? _memory;
    private readonly int _maxBytes;

    private PayloadOffer(PayloadMemory? memory, int maxBytes)
    {
        _memory = memory;
        _maxBytes = maxBytes;
    }

    /// <summary>What the worker inherits for it.</summary>
    public IReadOnlyList<SafeHandle> Descriptors => _memory is null ? [] : [_memory.Descriptor];

    /// <summary>Makes the memory where the options want it and the system has it.</summary>
    public static PayloadOffer Of(ProcessTierOptions options, string pluginId, ILogger logger)
    {
        if (options.PayloadAreaBytes == 0)
        {
            return new PayloadOffer(null, options.MaxPayloadBytes);
        }

        try
        {
            return new PayloadOffer(PayloadMemory.Create("pluginhost-payloads", options.PayloadAreaBytes), options.MaxPayloadBytes);
        }
        catch (SharedMemoryException none)
        {
            Log.NoPayloadMemory(logger, pluginId, none.Message);
            return new PayloadOffer(null, options.MaxPayloadBytes);
        }
    }

    /// <summary>What the worker is told in its environment: its descriptor (-1 for none), the size of one area, the largest value.</summary>
    /// <param name="inheritedBefore">How many descriptors it inherits before this one.</param>
    public string Describe(int inheritedBefore)
    {
        int descriptor = _memory is null ? -1 : SpawnRequest.ChannelDescriptor + 1 + inheritedBefore;
        return string.Create(CultureInfo.InvariantCulture, $"{descriptor},{_memory?.AreaBytes ?? 0},{_maxBytes}");
    }

    /// <summary>The host's side. The connection owns the memory from here on.</summary>
    /// <param name="tier">What an untrusted worker writes is copied before anybody looks at it.</param>
    public PayloadOptions ForHost(PluginTier tier)
    {
        // The worker has started: it has a descriptor of its own.
        _memory?.Descriptor.Dispose();
        return new PayloadOptions { Memory = _memory, MaxBytes = _maxBytes, TrustsPeer = tier == PluginTier.Process };
    }

    /// <summary>Gives the memory up: no worker was started.</summary>
    public void Abandon() => _memory?.Dispose();
}
