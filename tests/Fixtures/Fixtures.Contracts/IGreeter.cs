using PluginHost.Contracts;

namespace Fixtures.Contracts;

/// <summary>Greets in a language.</summary>
[PluginContract]
public interface IGreeter
{
    /// <summary>A greeting out of the resources of a culture.</summary>
    string Greet(string culture);
}
