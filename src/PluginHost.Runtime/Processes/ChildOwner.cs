using PluginHost.Runtime.Store;

namespace PluginHost.Runtime.Processes;

/// <summary>Whom a child belongs to: with this it and all that it starts end with this process, however that ends.</summary>
/// <param name="Program">The worker's program, which is the reaper's too.</param>
/// <param name="PluginId">The plugin that the child runs.</param>
/// <param name="Record">Where its start and end are written down for the next host; null for nowhere.</param>
internal sealed record ChildOwner(string Program, string PluginId, RunningWorkers? Record);
