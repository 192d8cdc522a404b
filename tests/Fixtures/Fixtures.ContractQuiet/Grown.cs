using Fixtures.Growing;
using PluginHost.Contracts;

namespace Fixtures.ContractQuiet;

/// <summary>Built against a later release whose assembly has the version of the one before: nothing but its code says so.</summary>
[Plugin]
public sealed class Grown : IGrowing, IGrowingMore
{
    public string First(int times) => string.Concat(Enumerable.Repeat("First", times));

    public string Second(int times) => string.Concat(Enumerable.Repeat("Second", times));

    string IGrowing.Third(int times) => string.Concat(Enumerable.Repeat("Own third", times));

    public Growth Fourth(Growth growth) => growth with { Size = growth.Size + 1 };
}
