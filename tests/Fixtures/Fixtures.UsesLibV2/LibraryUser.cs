using Fixtures.Contracts;
using Fixtures.Library;
using PluginHost.Contracts;

namespace Fixtures.UsesLibV2;

/// <summary>Brings version 2 of the library with it.</summary>
[Plugin]
public sealed class LibraryUser : ILibraryUser
{
    public string LibraryVersion() => $"{LibraryInfo.Describe()}, assembly {typeof(LibraryInfo).Assembly.GetName().Version}";
}
