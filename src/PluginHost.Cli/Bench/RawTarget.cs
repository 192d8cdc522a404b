using System.Runtime.Loader;
using Bench.Contracts;

namespace PluginHost.Cli.Bench;

/// <summary>The measured plugin's object without anything around it, in a collectible load context: the floor of the in-process tier.</summary>
internal sealed class RawTarget : IDisposable
{
    private readonly AssemblyLoadContext _context = new("bench-raw", isCollectible: true);

    /// <summary>Loads it.</summary>
    /// <param name="benchPlugins">The folder with the measured plugin's folder.</param>
    public RawTarget(string benchPlugins)
    {
        string path = Path.Combine(benchPlugins, TaxRun.PluginId, "Bench.Plugin.dll");
        Type type = _context.LoadFromAssemblyPath(path).GetType("Bench.Plugin.BenchPlugin", throwOnError: true)!;
        Bench = (IBench)Activator.CreateInstance(type)!;
    }

    /// <summary>The object.</summary>
    public IBench Bench { get; }

    /// <inheritdoc/>
    public void Dispose() => _context.Unload();
}
