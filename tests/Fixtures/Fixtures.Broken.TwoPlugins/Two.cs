using PluginHost.Contracts;

namespace Fixtures.Broken.TwoPlugins;

/// <summary>One of two.</summary>
[Plugin]
public sealed class First;

/// <summary>The other.</summary>
[Plugin]
public sealed class Second;
