using PluginHost.DumpReader.Memory;

namespace PluginHost.DumpReader.Naming;

/// <summary>One way of holding a plugin that is known by its looks.</summary>
/// <param name="Kind">The sort, one word.</param>
/// <param name="Applies">True for a chain of that sort.</param>
/// <param name="What">What is so, for such a chain.</param>
/// <param name="Remedy">What the plugin's author does instead.</param>
internal sealed record HolderRule(string Kind, Func<Chain, bool> Applies, Func<Chain, string> What, string Remedy);
