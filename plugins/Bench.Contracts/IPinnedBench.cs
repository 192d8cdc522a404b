using PluginHost.Contracts;

namespace Bench.Contracts;

/// <summary>
/// The same calls for the plugin that is loaded for good: a contract of its own has a guard of its own, and what the JIT learns of one mode's calls does not
/// spoil the other's. Thread-safe.
/// </summary>
[PluginContract(Major = 1)]
public interface IPinnedBench : IBench;
