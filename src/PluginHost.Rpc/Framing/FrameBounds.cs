namespace PluginHost.Rpc.Framing;

/// <summary>A frame's parts, in bytes: what comes before the message, the message, and what comes behind it.</summary>
internal readonly record struct FrameBounds(int Header, int Body, int Trailer);
