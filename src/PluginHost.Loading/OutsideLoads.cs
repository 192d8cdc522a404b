using System.Diagnostics;
using System.Reflection;
using System.Runtime.Loader;

namespace PluginHost.Loading;

/// <summary>
/// Watches the process for assemblies that plugins' code loads outside its load context: with Assembly.LoadFile, Load(byte[]), LoadFrom or a context
/// of its own. Such an assembly outlives the plugin, so the record is the process's, by plugin id. Refers to nothing of a plugin. Thread-safe.
/// </summary>
internal static class OutsideLoads
{
    private static readonly Lock s_lock = new();
    private static readonly List<WeakReference<PluginLoadContext>> s_contexts = [];
    private static readonly Dictionary<string, List<LoadedAssembly>> s_found = new(StringComparer.Ordinal);
    private static bool s_watches;

    /// <summary>Watches what is done by a plugin's code from now on.</summary>
    public static void Watch(PluginLoadContext context)
    {
        lock (s_lock)
        {
            s_contexts.RemoveAll(static c => !c.TryGetTarget(out _));
            s_contexts.Add(new WeakReference<PluginLoadContext>(context));
            if (!s_watches)
            {
                AppDomain.CurrentDomain.AssemblyLoad += static (_, e) => OnLoad(e.LoadedAssembly);
                s_watches = true;
            }
        }
    }

    /// <summary>What the code of a plugin has loaded so since the process began, each once; a copy.</summary>
    public static IReadOnlyList<LoadedAssembly> Of(string pluginId)
    {
        lock (s_lock)
        {
            return s_found.TryGetValue(pluginId, out List<LoadedAssembly>? found) ? [.. found] : [];
        }
    }

    private static void OnLoad(Assembly loaded)
    {
        string from = loaded.IsDynamic ? "" : loaded.Location;
        AssemblyLoadContext? into = AssemblyLoadContext.GetLoadContext(loaded);
        if (into is PluginLoadContext || HostFrameworks.Current.IsHosts(from))
        {
            return;
        }

        string how = How(into, from);
        (PluginLoadContext? context, string who) = Loader();
        context ??= OwnerOf(from);
        if (context is null)
        {
            return;
        }

        AssemblyName name = loaded.GetName();
        LoadedAssembly row = new(name.Name ?? "", name.Version?.ToString() ?? "", from, Shared: false, loaded.IsCollectible
            ? $"private: {who} loaded it with {how} outside the plugin's load context; it goes with the context that it was loaded into"
            : $"permanent: {who} loaded it with {how} outside the plugin's load context; it stays in memory until the process ends")
        {
            State = loaded.IsCollectible ? AssemblyState.Loaded : AssemblyState.Permanent,
        };
        lock (s_lock)
        {
            List<LoadedAssembly> found = s_found.TryGetValue(context.Name!, out List<LoadedAssembly>? there) ? there : s_found[context.Name!] = [];
            if (found.Contains(row))
            {
                return;
            }

            found.Add(row);
        }

        context.TellOutside(row);
    }

    // By where it went: the method that was called may be inlined.
    private static string How(AssemblyLoadContext? into, string from) => into switch
    {
        null => "the runtime",
        _ when into == AssemblyLoadContext.Default => "Assembly.LoadFrom",
        _ when into.GetType() != typeof(AssemblyLoadContext) && into.GetType().Assembly == typeof(AssemblyLoadContext).Assembly => from.Length == 0 ? "Assembly.Load(byte[])" : "Assembly.LoadFile",
        _ => $"the AssemblyLoadContext '{into.Name}'",
    };

    /// <summary>Who asked for the assembly, where that is a plugin's code: the innermost frame that is not the framework's decides.</summary>
    private static (PluginLoadContext? Context, string Who) Loader()
    {
        foreach (StackFrame frame in new StackTrace(fNeedFileInfo: false).GetFrames())
        {
            if (frame.GetMethod() is not { DeclaringType: { Assembly.IsDynamic: false } type } method || type == typeof(OutsideLoads) || type.DeclaringType == typeof(OutsideLoads))
            {
                continue;
            }

            if (AssemblyLoadContext.GetLoadContext(type.Assembly) is PluginLoadContext context)
            {
                return (context, $"{type.FullName}.{method.Name}");
            }

            if (!HostFrameworks.Current.IsFrameworks(type.Assembly.Location))
            {
                // The application's code, or the host's own search for an assembly that it shares.
                break;
            }
        }

        return (null, "its code");
    }

    private static PluginLoadContext? OwnerOf(string path)
    {
        lock (s_lock)
        {
            foreach (WeakReference<PluginLoadContext> known in path.Length == 0 ? [] : s_contexts)
            {
                if (known.TryGetTarget(out PluginLoadContext? context) && path.StartsWith(context.Folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                {
                    return context;
                }
            }

            return null;
        }
    }
}
