using System.Runtime.CompilerServices;

namespace PluginHost.Contracts.Invocation;

/// <summary>The calling thread's block. Apart from <see cref="ThreadBlocks"/>, so that reading it needs no check that a type is initialised.</summary>
internal static unsafe class CurrentBlock
{
    [ThreadStatic]
    private static byte* t_address;

    [ThreadStatic]
    private static ThreadBlocks.BlockOwner? t_owner;

    internal static byte* Address
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            byte* block = t_address;
            return block != null ? block : ThreadBlocks.Acquire();
        }
    }

    internal static void Set(byte* address, ThreadBlocks.BlockOwner owner)
    {
        t_owner = owner;
        t_address = address;
    }

    internal static void Clear()
    {
        ThreadBlocks.BlockOwner? owner = t_owner;
        t_address = null;
        t_owner = null;
        owner?.Dispose();
    }
}
