using System.Runtime.Loader;
using Bench.Contracts;

namespace PluginHost.Cli.Bench;

/// <summary>The measured plugin's object without anything around it, in a load context of its own: the floor of the in-process tier.</summary>
internal sealed class RawTarget : IDisposable
{
    private readonly AssemblyLoadContext _context;

    /// <summary>Loads it.</summary>
    /// <param name="benchPlugins">The folder with the measured plugin's folder.</param>
    /// <param name="isPinned">True loads it for good, as a pinned plugin is; false so that it can be unloaded.</param>
    public RawTarget(string benchPlugins, bool isPinned)
    {
        _context = new AssemblyLoadContext(isPinned ? "bench-raw-pinned" : "bench-raw", isCollectible: !isPinned);
        string path = Path.Combine(benchPlugins, TaxRun.PluginId, "Bench.Plugin.dll");
        Type type = _context.LoadFromAssemblyPath(path).GetType("Bench.Plugin.BenchPlugin", throwOnError: true)!;
        Bench = (IBench)Activator.CreateInstance(type)!;
    }

    /// <summary>The object.</summary>
    public IBench Bench { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_context.IsCollectible)
        {
            _context.Unload();
        }
    }
}
