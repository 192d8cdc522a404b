using Fixtures.Contracts;
using Fixtures.Library;
using PluginHost.Contracts;

namespace Fixtures.Broken.MissingDependency;

/// <summary>Was published without its library.</summary>
[Plugin]
public sealed class LibraryUser : ILibraryUser
{
    public string LibraryVersion() => LibraryInfo.Describe();
}
