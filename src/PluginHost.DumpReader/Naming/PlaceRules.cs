using PluginHost.DumpReader.Memory;

namespace PluginHost.DumpReader.Naming;

/// <summary>Places that hold whatever is put there: the last rules, of which one always applies.</summary>
internal static class PlaceRules
{
    /// <summary>The kind of a local variable.</summary>
    public const string Local = "local";

    public static IReadOnlyList<HolderRule> All { get; } =
    [
        new(
            "appdomain-data",
            c => c.BeginsAt("System.AppContext.s_dataStore"),
            c => $"AppDomain.SetData has stored {c.End.InWords()}",
            "Set it to null in DisposeAsync."),
        new(
            "console",
            c => c.BeginsAt("System.Console."),
            c => $"The console writes to, or reads from, {c.End.InWords()}",
            "Give Console.SetOut, SetError or SetIn back what was there, in DisposeAsync."),
        new(
            "thread-static",
            c => c.Root.Kind == RootKind.ThreadStatic,
            c => $"A [ThreadStatic] field of {ChainLooks.Whose(c.Root.Name)} ({c.Root.Name}) holds {c.End.InWords()}",
            "Set it back on the same thread, before the method ends."),
        new(
            "gc-handle",
            c => c.Root.Kind is RootKind.Handle or RootKind.PinnedHandle && c.Steps.Count == 0,
            c => $"A {(c.Root.Kind == RootKind.PinnedHandle ? "pinned " : "")}GCHandle holds {c.End.InWords()}",
            "Call Free on it in DisposeAsync."),
        new(
            Local,
            c => c.Root.Kind == RootKind.Stack,
            c => $"A local variable or argument of {c.Root.Name}, which runs, holds {c.End.InWords()}",
            "Let that method end, or keep no object of the plugin in it."),
        new(
            "field",
            c => c.LastOfApplication() is not null && (c.Root.Kind != RootKind.Static || ChainLooks.Whose(c.Root.Name) == ChainLooks.Framework),
            c => $"A field of the application ({c.LastOfApplication()!.Type}.{c.LastOfApplication()!.Field}) leads to {c.End.InWords()}",
            "Take it away from there in DisposeAsync."),
        new(
            "static-callback",
            c => c.Root.Kind == RootKind.Static && c.End.Kind == EndKind.Method,
            c => $"An object that a static field of {ChainLooks.Whose(c.Root.Name)} ({c.Root.Name}) leads to calls back {c.End.Name}",
            "Take the callback away in DisposeAsync."),
        new(
            "static-field",
            c => c.Root.Kind == RootKind.Static,
            c => $"A static field of {ChainLooks.Whose(c.Root.Name)} ({c.Root.Name}) leads to {c.End.InWords()}",
            "Take it away from there in DisposeAsync."),
        new(
            "other",
            _ => true,
            c => $"{c.Steps[0].Type} leads to {c.End.InWords()}",
            "Take it away from there in DisposeAsync."),
    ];
}
