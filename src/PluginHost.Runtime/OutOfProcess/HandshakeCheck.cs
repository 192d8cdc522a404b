using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>Whether what a worker answered to the handshake is something that the host has offered. A pure function.</summary>
internal static class HandshakeCheck
{
    /// <summary>What helps, whatever it is that disagrees.</summary>
    public const string Remedy = "Install host and worker of the same release.";

    /// <summary>What disagrees, with both values, as the end of a sentence that begins with the worker; null where nothing does.</summary>
    /// <param name="offered">What the host sent.</param>
    /// <param name="reply">What the worker answered.</param>
    public static string? Problem(HelloRequest offered, HelloReply reply)
    {
        if (reply.Protocol < offered.ProtocolMin || reply.Protocol > offered.ProtocolMax)
        {
            return $"(version {reply.WorkerVersion}) chose protocol {reply.Protocol}; the host (version {offered.HostVersion}) speaks {offered.ProtocolMin} to {offered.ProtocolMax}.";
        }

        return offered.Codecs.Contains(reply.Codec)
            ? null
            : $"(version {reply.WorkerVersion}) chose the codec '{reply.Codec}'; the host (version {offered.HostVersion}) offered {string.Join(", ", offered.Codecs)}.";
    }
}
