using PluginHost.Contracts;

namespace Fixtures.Contracts;

/// <summary>Says which version of a private dependency a plugin uses.</summary>
[PluginContract]
public interface ILibraryUser
{
    /// <summary>What the library says of itself.</summary>
    string LibraryVersion();
}
