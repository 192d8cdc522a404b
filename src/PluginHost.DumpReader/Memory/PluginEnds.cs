using Microsoft.Diagnostics.Runtime;

namespace PluginHost.DumpReader.Memory;

/// <summary>Says what of a plugin an object of the application leads to.</summary>
internal static class PluginEnds
{
    /// <summary>Names the end of a chain.</summary>
    /// <param name="dump">The dump.</param>
    /// <param name="from">The application's object; the null object where a root holds the plugin's itself.</param>
    /// <param name="to">What it refers to.</param>
    /// <param name="isContext">True where that is the load context itself.</param>
    public static PluginEnd Name(ProcessDump dump, ClrObject from, ClrObject to, bool isContext)
    {
        if (isContext)
        {
            return new PluginEnd(EndKind.Context, "the plugin's load context");
        }

        if (Callback(from) is { } method)
        {
            return new PluginEnd(EndKind.Method, method);
        }

        string type = to.Type?.Name ?? "";
        if (type == "System.Reflection.LoaderAllocator")
        {
            return new PluginEnd(EndKind.Type, Reflected(dump, from) ?? "a piece of its code");
        }

        return SourceNames.AsyncMethod(type) is { } waiting
            ? new PluginEnd(EndKind.AsyncMethod, waiting)
            : to.IsDelegate && Callback(to) is { } own
                ? new PluginEnd(EndKind.Method, own)
                : new PluginEnd(EndKind.Object, SourceNames.OfType(type));
    }

    private static string? Callback(ClrObject from)
    {
        if (!from.IsValid || !from.IsDelegate)
        {
            return null;
        }

        return from.AsDelegate().GetDelegateTarget()?.Method is { Type.Name: { } type, Name: { } name } ? SourceNames.OfMethod(type, name) : null;
    }

    // A piece of reflection keeps its type's code by a field of its own.
    private static string? Reflected(ProcessDump dump, ClrObject from)
    {
        if (!from.IsValid)
        {
            return null;
        }

        if (from.Type?.Name == "System.RuntimeType" && from.TryReadField("m_handle", out nuint table))
        {
            return dump.Runtime.GetTypeByMethodTable(table)?.Name is { } name ? SourceNames.OfType(name) : null;
        }

        if (from.TryReadField("m_handle", out nuint handle) && dump.Runtime.GetMethodByHandle(handle) is { Type.Name: { } owner, Name: { } method })
        {
            return SourceNames.OfMethod(owner, method);
        }

        return null;
    }
}
