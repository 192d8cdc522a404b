namespace PluginHost.DumpReader.Memory;

/// <summary>One way by which a plugin's context is held: from what the collector never takes, over the application's objects, into the plugin.</summary>
/// <param name="Root">Where it begins.</param>
/// <param name="Steps">The application's objects on the way, outermost first; empty where the root holds the plugin itself.</param>
/// <param name="End">What of the plugin it leads to.</param>
internal sealed record Chain(Root Root, IReadOnlyList<Step> Steps, PluginEnd End);

/// <summary>What the collector never takes.</summary>
/// <param name="Kind">Which sort.</param>
/// <param name="Name">The field, the method or the thread, where one is known; else empty.</param>
internal sealed record Root(RootKind Kind, string Name);

/// <summary>Sorts of roots.</summary>
internal enum RootKind
{
    /// <summary>A static field; named.</summary>
    Static,

    /// <summary>A field of which each thread has its own; named.</summary>
    ThreadStatic,

    /// <summary>A handle that somebody has allocated, or the runtime for itself.</summary>
    Handle,

    /// <summary>As <see cref="Handle"/>, and the object may not be moved.</summary>
    PinnedHandle,

    /// <summary>A local variable or an argument of a method that runs; named with its thread.</summary>
    Stack,

    /// <summary>A method of the plugin itself that runs on a thread; named with its thread.</summary>
    Running,
}

/// <summary>An object of the application on the way.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Field">The field by which it refers to the next; null where that is an element or unknown.</param>
internal sealed record Step(string Type, string? Field);

/// <summary>What of the plugin a chain leads to.</summary>
/// <param name="Kind">Which sort.</param>
/// <param name="Name">Its name as a person would write it.</param>
internal sealed record PluginEnd(EndKind Kind, string Name);

/// <summary>Sorts of a chain's end.</summary>
internal enum EndKind
{
    /// <summary>An object; its type is named.</summary>
    Object,

    /// <summary>A method that is called back.</summary>
    Method,

    /// <summary>An async method that waits.</summary>
    AsyncMethod,

    /// <summary>A type or another piece of reflection.</summary>
    Type,

    /// <summary>The load context itself.</summary>
    Context,
}
