using System.Globalization;
using Microsoft.Diagnostics.Runtime;

namespace PluginHost.DumpReader.Memory;

/// <summary>A thread that runs code of the plugin.</summary>
/// <param name="Context">The number of the plugin's context.</param>
/// <param name="Thread">The thread, for a person.</param>
/// <param name="Sort">What it is there for.</param>
/// <param name="Method">The innermost method of the plugin.</param>
/// <param name="Inside">The method of somebody else's that it waits in or has called; empty where it runs its own.</param>
internal sealed record RunningThread(int Context, string Thread, ThreadSort Sort, string Method, string Inside);

/// <summary>What threads are there for.</summary>
internal enum ThreadSort
{
    /// <summary>Somebody started it by itself.</summary>
    Own,

    /// <summary>The pool's.</summary>
    Pool,

    /// <summary>The one of all timers, or the pool's, inside a timer's callback.</summary>
    Timer,

    /// <summary>The one of all finalizers.</summary>
    Finalizer,
}

/// <summary>Finds threads with a frame of a plugin: the collector keeps the code that they return to, and no object tells of it.</summary>
internal static class RunningThreads
{
    private const int MostFrames = 512;

    /// <summary>Finds them.</summary>
    public static IEnumerable<RunningThread> Find(ProcessDump dump, HeapWalk walk)
    {
        foreach (ClrThread thread in dump.Runtime.Threads.Where(t => t.IsAlive))
        {
            List<ClrMethod> frames = [.. thread.EnumerateStackTrace(includeContext: false, MostFrames).Select(f => f.Method).OfType<ClrMethod>()];
            HashSet<int> told = [];
            for (int i = 0; i < frames.Count; i++)
            {
                if (walk.OwnerOf(frames[i].Type) is >= 0 and int owner && told.Add(owner))
                {
                    yield return new RunningThread(owner, Name(thread, walk.ThreadNames), SortOf(thread, frames.Skip(i)), Written(frames[i]), i == 0 ? "" : Written(frames[i - 1]));
                }
            }
        }
    }

    private static string Name(ClrThread thread, IReadOnlyDictionary<int, string> names) => string.Create(
        CultureInfo.InvariantCulture,
        $"thread {thread.OSThreadId}{(names.GetValueOrDefault(thread.ManagedThreadId) is { Length: > 0 } name ? $" '{name}'" : "")}");

    private static ThreadSort SortOf(ClrThread thread, IEnumerable<ClrMethod> outer)
    {
        if (thread.IsFinalizer)
        {
            return ThreadSort.Finalizer;
        }

        string[] types = [.. outer.Select(m => m.Type.Name ?? "")];
        return types.Any(t => t.StartsWith("System.Threading.TimerQueue", StringComparison.Ordinal)) ? ThreadSort.Timer
            : types.Any(t => t.StartsWith("System.Threading.ThreadPool", StringComparison.Ordinal) || t.StartsWith("System.Threading.PortableThreadPool", StringComparison.Ordinal)) ? ThreadSort.Pool
            : ThreadSort.Own;
    }

    private static string Written(ClrMethod method) => SourceNames.OfMethod(method.Type.Name ?? "", method.Name ?? "");
}
