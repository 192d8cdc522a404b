using System.Text.Json;
using PluginHost.DumpReader.Memory;
using PluginHost.DumpReader.Naming;

namespace PluginHost.DumpReader;

/// <summary>
/// Reads a dump and writes what holds each context, a JSON document a line: <c>{"context":0,"kind":"timer","text":"…"}</c>, and at the end
/// <c>{"done":true,"cut":false}</c>, or only <c>{"refused":"why","because":"system"}</c>. Kind <c>none</c> says that nothing was found, <c>more</c> that not all is told.
/// </summary>
internal static class HolderReport
{
    /// <summary>Reads and writes.</summary>
    /// <param name="output">Where lines go.</param>
    /// <param name="file">The dump; it is removed.</param>
    /// <param name="framework">The folder of the runtime that the process ran on.</param>
    /// <param name="watches">A handle for each context, as <see cref="HeldContext.Find"/> takes it.</param>
    /// <param name="isOver">True once the time is over.</param>
    public static void Write(Stream output, string file, string framework, IReadOnlyList<ulong> watches, Func<bool> isOver)
    {
        using ProcessDump dump = ProcessDump.Open(file, framework);
        HeldContext[] contexts = [.. watches.Select(watch => HeldContext.Find(dump, watch))];
        HeapWalk walk = new(dump, contexts, isOver);
        ChainReader chains = new(dump, walk, contexts);
        StaticFields statics = chains.Statics;
        List<Crossing> crossings = walk.From([.. RootSet.Handles(dump), .. statics.OfThreads()]);
        ILookup<int, Holder> threads = RunningThreads.Find(dump, walk).ToLookup(t => t.Context, HolderNames.Of);
        crossings.AddRange(walk.From(RootSet.Stacks(dump)));
        ILookup<int, Crossing> found = crossings.ToLookup(c => c.Context);
        for (int i = 0; i < contexts.Length; i++)
        {
            Write(output, i, HolderNames.Select(threads[i], found[i].Select(chains.Read).Select(HolderNames.Of)));
        }

        WriteLine(output, json =>
        {
            json.WriteBoolean("done", true);
            json.WriteBoolean("cut", walk.WasCut);
        });
    }

    /// <summary>Writes, in place of all the rest, why there is nothing to tell.</summary>
    /// <param name="output">Where lines go.</param>
    /// <param name="reason">Why.</param>
    /// <param name="because">What refused: <c>system</c>, <c>limit</c> or <c>damage</c>.</param>
    public static void WriteRefusal(Stream output, string reason, string because) => WriteLine(output, json =>
    {
        json.WriteString("refused", reason);
        json.WriteString("because", because);
    });

    private static void Write(Stream output, int context, IReadOnlyList<Holder> holders)
    {
        if (holders.Count == 0)
        {
            WriteLine(output, context, "none", "No object of the application refers to it, and no thread is inside it: native code does, or a type that was made at run time from the plugin's.");
        }

        foreach (Holder holder in holders.Take(HolderNames.MostLines))
        {
            WriteLine(output, context, holder.Kind, holder.Text);
        }

        if (holders.Count > HolderNames.MostLines)
        {
            WriteLine(output, context, "more", $"And {holders.Count - HolderNames.MostLines} more.");
        }
    }

    private static void WriteLine(Stream output, int context, string kind, string text) => WriteLine(output, json =>
    {
        json.WriteNumber("context", context);
        json.WriteString("kind", kind);
        json.WriteString("text", text);
    });

    private static void WriteLine(Stream output, Action<Utf8JsonWriter> members)
    {
        using (Utf8JsonWriter json = new(output))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
        output.Flush();
    }
}
