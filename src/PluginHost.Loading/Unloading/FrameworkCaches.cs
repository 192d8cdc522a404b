using System.Reflection;
using System.Reflection.Metadata;

namespace PluginHost.Loading.Unloading;

/// <summary>
/// Empties the framework's caches of types, System.Text.Json's above all, by the handlers that hot reload uses: they keep a plugin's types alive.
/// Process-wide, and not what the handlers were made for: only where a plugin has stayed in memory. Thread-safe.
/// </summary>
public static class FrameworkCaches
{
    /// <summary>Empties every cache that has a handler and knows no types singly.</summary>
    /// <returns>What failed, as text; empty where nothing did.</returns>
    public static IReadOnlyList<string> Clear()
    {
        // No types rather than null: for null the runtime looks at every type of every assembly of the application.
        List<string> faults = [];
        foreach (Assembly assembly in AppDomain.CurrentDomain.GetAssemblies().Where(IsFramework))
        {
            foreach (MetadataUpdateHandlerAttribute handler in assembly.GetCustomAttributes<MetadataUpdateHandlerAttribute>())
            {
                try
                {
                    handler.HandlerType
                        .GetMethod("ClearCache", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic, [typeof(Type[])])
                        ?.Invoke(null, [Type.EmptyTypes]);
                }
                catch (TargetInvocationException e)
                {
                    faults.Add($"{handler.HandlerType.FullName}: {e.InnerException?.Message}");
                }
            }
        }

        return faults;
    }

    // By location, not by name: a plugin's private copy of a framework assembly has no say here.
    private static bool IsFramework(Assembly assembly) =>
        !assembly.IsDynamic && !assembly.IsCollectible
        && Path.GetDirectoryName(assembly.Location) == Path.GetDirectoryName(typeof(object).Assembly.Location);
}
