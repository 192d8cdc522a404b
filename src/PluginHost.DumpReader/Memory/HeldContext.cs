using Microsoft.Diagnostics.Runtime;

namespace PluginHost.DumpReader.Memory;

/// <summary>The load context asked about: its object, and the object that stands for everything loaded into it. Either may be gone.</summary>
/// <param name="Context">The address of the context's object; 0 where it is gone.</param>
/// <param name="Allocator">The address of its loader allocator; 0 where it is gone.</param>
internal readonly record struct HeldContext(ulong Context, ulong Allocator)
{
    /// <summary>Finds it by the host's own watch: exact, where a name would find every generation of the plugin.</summary>
    /// <param name="dump">The dump.</param>
    /// <param name="watch">A handle to an object with two weak references, <c>_context</c> and <c>_assembly</c>.</param>
    /// <exception cref="InvalidDataException">That handle leads to no such object.</exception>
    public static HeldContext Find(ProcessDump dump, ulong watch)
    {
        ClrObject unloading = dump.Behind(watch);
        if (!unloading.IsValid || !unloading.TryReadObjectField("_context", out ClrObject context) || !unloading.TryReadObjectField("_assembly", out ClrObject assembly))
        {
            throw new InvalidDataException($"The handle {watch:x} leads to no watch of a load context.");
        }

        return new HeldContext(Target(dump, context).Address, AllocatorOf(Target(dump, assembly)));
    }

    private static ClrObject Target(ProcessDump dump, ClrObject weak) =>
        weak.TryReadField("_taggedHandle", out nuint handle) ? dump.Behind(handle) : default;

    // What a collectible assembly locks on is what keeps it.
    private static ulong AllocatorOf(ClrObject assembly) =>
        assembly.IsValid && assembly.TryReadObjectField("m_syncRoot", out ClrObject allocator) ? allocator.Address : 0;
}
