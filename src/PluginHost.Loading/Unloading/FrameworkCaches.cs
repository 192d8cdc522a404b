using System.Reflection;
using System.Reflection.Metadata;

namespace PluginHost.Loading.Unloading;

/// <summary>
/// Clears the framework's caches of types, such as System.Text.Json's, by the handlers that hot reload uses: they keep a plugin's types alive.
/// Process-wide, and not what the handlers were made for: only on request. Thread-safe.
/// </summary>
public static class FrameworkCaches
{
    /// <summary>Clears every cache that has a handler.</summary>
    /// <returns>What failed, as text; empty where nothing did.</returns>
    public static IReadOnlyList<string> Clear()
    {
        List<string> faults = [];
        foreach (Assembly assembly in AppDomain.CurrentDomain.GetAssemblies().Where(IsFramework))
        {
            foreach (MetadataUpdateHandlerAttribute handler in assembly.GetCustomAttributes<MetadataUpdateHandlerAttribute>())
            {
                try
                {
                    handler.HandlerType
                        .GetMethod("ClearCache", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic, [typeof(Type[])])
                        ?.Invoke(null, [null]);
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
