using PluginHost.Contracts;

namespace Fixtures.Growing;

/// <summary>Release 1.1 of a contract that grows.</summary>
[PluginContract]
public interface IGrowing
{
    /// <summary>Gives "First".</summary>
    string First(int times);

    /// <summary>Gives "Second".</summary>
    string Second(int times);
}
