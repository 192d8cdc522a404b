using PluginHost.Contracts;

namespace Fixtures.Growing;

/// <summary>Release 2.0 of a contract that grows.</summary>
[PluginContract]
public interface IGrowing
{
    /// <summary>Gives "First".</summary>
    string First(int times);

    /// <summary>Gives "Second".</summary>
    string Second(int times);

    /// <summary>Gives "Third".</summary>
    string Third(int times);
}
