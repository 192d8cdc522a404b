using Fixtures.Contracts;
using Fixtures.Growing;
using PluginHost.Contracts;

namespace Fixtures.ContractBeside;

/// <summary>Its plugin's class fits; a class beside it was built against release 1 of another contract.</summary>
[Plugin]
public sealed class Greeting : IGreeter
{
    public string Greet(string culture) => new Beside().First(1) + culture;
}

/// <summary>Lacks what release 1.1 has.</summary>
public sealed class Beside : IGrowing
{
    public string First(int times) => string.Concat(Enumerable.Repeat("First", times));
}
