using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Loading.Unloading;

namespace PluginHost.Loading;

/// <summary>
/// A plugin's code in a load context of its own. Holds the context strongly: drop every reference to this object, and to what it made,
/// for an unload to come true. Thread-safe.
/// </summary>
public sealed class LoadedPlugin
{
    private readonly PluginLoadContext _context;
    private readonly ConstructorInfo _constructor;

    internal LoadedPlugin(string pluginId, PluginLoadContext context, ConstructorInfo constructor)
    {
        PluginId = pluginId;
        _context = context;
        _constructor = constructor;
    }

    /// <summary>The plugin's id.</summary>
    public string PluginId { get; }

    /// <summary>What was found, for <see cref="LoadOptions.Known"/> of a later load of the same files. Plain data.</summary>
    public PluginEntry Entry => new(PluginType.FullName!, _constructor.MetadataToken);

    /// <summary>The class marked <see cref="PluginAttribute"/>. Belongs to the plugin: keeping it keeps the context.</summary>
    public Type PluginType => _constructor.DeclaringType!;

    /// <summary>The load context. Keeping it does not stop an unload's proof from failing.</summary>
    public AssemblyLoadContext Context => _context;

    /// <summary>The load report so far: every assembly that the plugin asked for, in the order of asking. A copy; plain data.</summary>
    public IReadOnlyList<LoadedAssembly> Assemblies => _context.Report;

    /// <summary>Constructs the plugin. Its constructor runs on the calling thread.</summary>
    /// <param name="context">Given to the constructor where it takes one.</param>
    /// <returns>The plugin's object; the caller disposes it.</returns>
    /// <exception cref="PluginLoadException">The constructor threw, or a dependency was missing; never carries the plugin's own exception.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public object CreateInstance(IPluginContext context)
    {
        try
        {
            object?[] arguments = _constructor.GetParameters().Length == 0 ? [] : [context];
            return _constructor.Invoke(BindingFlags.DoNotWrapExceptions, binder: null, arguments, culture: null);
        }
        catch (Exception thrown)
        {
            throw Diagnose(thrown, $"the constructor of {PluginType.FullName}");
        }
    }

    /// <summary>Says in words what plugin code threw while it was started, a missing dependency with who needs it. Plain data only.</summary>
    /// <param name="thrown">The exception.</param>
    /// <param name="where">What was running, such as <c>StartAsync of Samples.Notes</c>.</param>
    public PluginLoadException Diagnose(Exception thrown, string where)
    {
        ArgumentNullException.ThrowIfNull(thrown);
        return LoadFailure.Explain(PluginId, _context, thrown, where);
    }

    /// <summary>Runs the plugin's health check on the calling thread, where its class has one.</summary>
    /// <param name="plugin">What <see cref="CreateInstance"/> gave.</param>
    /// <param name="cancellationToken">Given to the check where it takes one.</param>
    /// <exception cref="PluginLoadException">It is not healthy; never carries the plugin's own exception.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public async Task CheckHealthAsync(object plugin, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        if (HealthCheckMethod.Find(PluginId, PluginType) is not { } check)
        {
            return;
        }

        ThrownException? thrown = null;
        try
        {
            if (await HealthCheckMethod.RunAsync(check, plugin, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
        catch (Exception e)
        {
            thrown = ThrownException.Read(e);
        }

        string what = thrown is null ? "gave false" : $"threw {thrown.Type}: {LoadFailure.FirstLine(thrown.Message)}";
        throw new PluginLoadException(
            PluginId,
            FaultKind.StartFailure,
            $"Plugin '{PluginId}' is not healthy: its health check {PluginType.FullName}.{check.Name} {what}.",
            "Mend what the check looks at, or the check.")
        {
            Thrown = thrown,
        };
    }

    /// <summary>Asks the context to unload. The plugin's objects must have been disposed and dropped before.</summary>
    /// <exception cref="InvalidOperationException">The context is not collectible.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public ContextUnloading Unload() =>
        _context.IsCollectible
            ? ContextUnloading.Begin(_context, PluginType.Assembly)
            : throw new InvalidOperationException($"Plugin '{PluginId}' was loaded for good: its context is not collectible.");
}
