namespace PluginHost.Rpc.Codecs;

/// <summary>How messages are written.</summary>
public enum RpcCodec
{
    /// <summary>MessagePack: compact, the usual one between host and .NET worker.</summary>
    MessagePack,

    /// <summary>JSON in UTF-8: readable, and what a connection starts with.</summary>
    Json,
}
