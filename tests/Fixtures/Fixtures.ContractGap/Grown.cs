using Fixtures.Growing;
using PluginHost.Contracts;

namespace Fixtures.ContractGap;

/// <summary>Built against release 1 of the contract.</summary>
[Plugin]
public sealed class Grown : IGrowing
{
    public string First(int times) => string.Concat(Enumerable.Repeat("First", times));
}
