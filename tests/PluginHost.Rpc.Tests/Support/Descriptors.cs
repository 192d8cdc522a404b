using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>What a child does with descriptors, in this process.</summary>
internal static class Descriptors
{
    private const int DuplicateCloseOnExec = 1030;

    public static SafeFileHandle Duplicate(SafeHandle descriptor) =>
        new(Libc.fcntl((int)descriptor.DangerousGetHandle(), DuplicateCloseOnExec, 0), ownsHandle: true);
}
