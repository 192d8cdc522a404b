using PluginHost.Contracts;

namespace Fixtures.Growing;

/// <summary>Release 1.0 of a contract that grows.</summary>
[PluginContract]
public interface IGrowing
{
    /// <summary>Gives "First".</summary>
    string First(int times);
}
