using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.Loader;
using Microsoft.Extensions.Logging;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.InProcess;

/// <summary>
/// The process's handler of exceptions that nobody caught. One that ended work of a plugin is told to its owner, and the process goes on; of all
/// others it knows nothing, and they end the process as before. One a process, for all runtimes in it, and never taken back: the framework has no way for that.
/// Thread-safe.
/// </summary>
internal static class ForeignFaults
{
    private static readonly Lock s_lock = new();

    // Weak: a plugin that is unloaded goes, and its owner with it.
    private static readonly ConditionalWeakTable<AssemblyLoadContext, ForeignOwner> s_owners = [];
    private static bool s_isSet;

    /// <summary>Sets the handler, where it is not set. Where other code of the process has set one, it says so once a runtime and everything else works.</summary>
    /// <param name="logger">Told of that.</param>
    /// <returns>True where exceptions are handled from now on.</returns>
    public static bool Enable(ILogger logger)
    {
        lock (s_lock)
        {
            if (s_isSet)
            {
                return true;
            }

            try
            {
                ExceptionHandling.SetUnhandledExceptionHandler(Handle);
            }
            catch (InvalidOperationException taken)
            {
                Log.HandlerTaken(logger, taken.Message);
                return false;
            }

            TaskScheduler.UnobservedTaskException += static (_, failed) => Observe(failed.Exception);
            return s_isSet = true;
        }
    }

    /// <summary>Says whose the code of a load context is. Before any of that code has run.</summary>
    public static void Own(AssemblyLoadContext context, ForeignOwner owner) => s_owners.AddOrUpdate(context, owner);

    // Runs in the first pass, on the failing thread, with the plugin's frames still there. What it threw itself would count as false, after some harm.
    private static bool Handle(Exception thrown)
    {
        try
        {
            if (ForeignStack.Find(thrown, OwnerOf) is not { } origin)
            {
                return false;
            }

            origin.Owner.Take(thrown, origin, origin.Seen ?? (Thread.CurrentThread.IsThreadPoolThread ? ForeignPlace.PoolItem : ForeignPlace.OwnThread));
            return true;
        }
        catch (Exception)
        {
            // No memory, for example. What cannot be attributed ends the process as it would without this.
            return false;
        }
    }

    // Runs on the thread of finalizers.
    private static void Observe(AggregateException failed)
    {
        try
        {
            if (ForeignStack.Find(failed, OwnerOf) is { } origin)
            {
                origin.Owner.Take(failed.InnerException ?? failed, origin, ForeignPlace.UnobservedTask);
            }
        }
        catch (Exception)
        {
            // It had no effect before this looked at it, and has none now.
            return;
        }
    }

    private static ForeignOwner? OwnerOf(AssemblyLoadContext context) => s_owners.TryGetValue(context, out ForeignOwner? owner) ? owner : null;
}
