using Fixtures.Growing;
using PluginHost.Contracts;

namespace Fixtures.ContractBefore;

/// <summary>Built against release 1.1, before a body and an interface were added.</summary>
[Plugin]
public sealed class Grown : IGrowing
{
    public string First(int times) => string.Concat(Enumerable.Repeat("First", times));

    public string Second(int times) => string.Concat(Enumerable.Repeat("Second", times));
}
