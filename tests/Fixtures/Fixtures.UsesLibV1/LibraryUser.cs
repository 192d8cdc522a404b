using Fixtures.Contracts;
using Fixtures.Library;
using PluginHost.Contracts;

namespace Fixtures.UsesLibV1;

/// <summary>Brings version 1 of the library with it.</summary>
[Plugin]
public sealed class LibraryUser : ILibraryUser
{
    public string LibraryVersion() => $"{LibraryInfo.Describe()}, assembly {typeof(LibraryInfo).Assembly.GetName().Version}";
}
