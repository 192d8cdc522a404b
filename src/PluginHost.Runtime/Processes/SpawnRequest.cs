using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace PluginHost.Runtime.Processes;

/// <summary>What to start, and with what. The child gets nothing that is not named here.</summary>
internal sealed record SpawnRequest
{
    /// <summary>The descriptor on which the child finds its end of the channel.</summary>
    public const int ChannelDescriptor = 3;

    /// <summary>How many more descriptors a child can be given.</summary>
    public const int MostInherited = 16;

    /// <summary>Where the child finds its end of the channel. Default <see cref="ChildChannel.Descriptor"/>.</summary>
    public ChildChannel Channel { get; init; } = ChildChannel.Descriptor;

    /// <summary>The program: a path, or a name to look up in the host's PATH.</summary>
    public required string FileName { get; init; }

    /// <summary>Its arguments, without the program's own name.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Its whole environment.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Its working folder; exists.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>More descriptors for the child, which finds them at 4, 5 and on, in this order. They stay the caller's, who keeps them open until the child has started.</summary>
    public IReadOnlyList<SafeHandle> InheritedDescriptors { get; init; } = [];

    /// <summary>Whom it belongs to; null for a child that is left to itself when this process is killed.</summary>
    public ChildOwner? Owner { get; init; }

    /// <summary>Where its output lines go.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>The clock that caps the rate of logged lines.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>Where a child finds its end of the channel.</summary>
internal enum ChildChannel
{
    /// <summary>At <see cref="SpawnRequest.ChannelDescriptor"/>, a connected socket. Its input is empty, its output is logged.</summary>
    Descriptor,

    /// <summary>At its standard input and output, two pipes.</summary>
    Stdio,
}

/// <summary>The system could not start a process.</summary>
internal sealed class SpawnException(string message) : Exception(message);
