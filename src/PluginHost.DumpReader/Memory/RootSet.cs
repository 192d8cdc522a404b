using Microsoft.Diagnostics.Runtime;

namespace PluginHost.DumpReader.Memory;

/// <summary>A root as the dump has it: not yet named.</summary>
/// <param name="Kind">Which sort.</param>
/// <param name="Object">The address of the object that it holds.</param>
/// <param name="Name">What is known of it already; else empty.</param>
internal readonly record struct FoundRoot(RootKind Kind, ulong Object, string Name);

/// <summary>The roots of a dump, without those that hold nothing of themselves: weak handles, statics of collectible types, the queue of finalizers.</summary>
internal static class RootSet
{
    /// <summary>Handles; statics hang on them.</summary>
    public static IEnumerable<FoundRoot> Handles(ProcessDump dump)
    {
        foreach (ClrHandle handle in dump.Runtime.EnumerateHandles())
        {
            RootKind? kind = handle.HandleKind switch
            {
                ClrHandleKind.Strong or ClrHandleKind.SizedRef => RootKind.Handle,
                ClrHandleKind.Pinned or ClrHandleKind.AsyncPinned => RootKind.PinnedHandle,
                ClrHandleKind.RefCounted when handle.ReferenceCount > 0 => RootKind.Handle,
                _ => null,
            };
            if (kind is { } sort && handle.Object.IsValid)
            {
                yield return new FoundRoot(sort, handle.Object.Address, "");
            }
        }
    }

    /// <summary>What methods that run have in their variables.</summary>
    public static IEnumerable<FoundRoot> Stacks(ProcessDump dump)
    {
        foreach (ClrThread thread in dump.Runtime.Threads.Where(t => t.IsAlive))
        {
            foreach (ClrStackRoot root in thread.EnumerateStackRoots())
            {
                if (root.Object.IsValid && root.StackFrame?.Method is { } method)
                {
                    yield return new FoundRoot(RootKind.Stack, root.Object.Address, SourceNames.OfMethod(method.Type.Name ?? "", method.Name ?? ""));
                }
            }
        }
    }
}
