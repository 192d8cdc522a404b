using Fixtures.Growing;
using PluginHost.Contracts;

namespace Fixtures.ContractAhead;

/// <summary>Built against release 3 of the contract.</summary>
[Plugin]
public sealed class Grown : IGrowing
{
    public string First(int times) => string.Concat(Enumerable.Repeat("First", times));

    public string Second(int times) => string.Concat(Enumerable.Repeat("Second", times));

    public string Third(int times) => string.Concat(Enumerable.Repeat("Third", times));
}
