using System.Globalization;
using Microsoft.Win32.SafeHandles;
using PluginHost.Rpc.Payloads;
using PluginHost.Rpc.Transport;

namespace PluginHost.Worker;

/// <summary>How large values travel between this worker and its host, as the host says it.</summary>
internal static class PayloadChoice
{
    private const string Variable = "PLUGINHOST_PAYLOADS";

    /// <summary>Takes it from the environment: it is none of the plugin's business.</summary>
    /// <param name="problem">What is wrong with it; null where nothing is.</param>
    /// <returns>Null where the host says nothing, or something wrong.</returns>
    public static PayloadOptions? Take(out string? problem)
    {
        string? text = Environment.GetEnvironmentVariable(Variable);
        Environment.SetEnvironmentVariable(Variable, null);
        problem = null;
        if (text is null)
        {
            return null;
        }

        string[] parts = text.Split(',');
        if (parts.Length != 3
            || !int.TryParse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int descriptor)
            || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long areaBytes)
            || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int maxBytes))
        {
            problem = $"{Variable} is '{text}'; expected a descriptor, the bytes of an area and the bytes of the largest value.";
            return null;
        }

        PayloadOptions options = new() { MaxBytes = maxBytes, TrustsPeer = true, ReadsArgumentsInPlace = true };
        if (descriptor < 0)
        {
            return options;
        }

        try
        {
            PayloadMemory memory = PayloadMemory.Open(new SafeFileHandle(descriptor, ownsHandle: true), areaBytes);

            // The mapping stays without it, and nothing that the plugin starts inherits it.
            memory.Descriptor.Dispose();
            return options with { Memory = memory };
        }
        catch (Exception unusable) when (unusable is SharedMemoryException or ArgumentException)
        {
            problem = $"{Variable} is '{text}': {unusable.Message}";
            return null;
        }
    }
}
