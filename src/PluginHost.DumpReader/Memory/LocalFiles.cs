using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Microsoft.Diagnostics.Runtime;

namespace PluginHost.DumpReader.Memory;

/// <summary>Finds the files of a dump's modules where the process had them. Asks no symbol server: what a process holds is nobody else's to know.</summary>
internal sealed class LocalFiles : IFileLocator
{
    /// <inheritdoc/>
    public string? FindPEImage(string fileName, int buildTimeStamp, int imageSize, bool checkProperties) =>
        Path.IsPathFullyQualified(fileName) && File.Exists(fileName) ? fileName : null;

    /// <inheritdoc/>
    public string? FindPEImage(string fileName, SymbolProperties archivedUnder, ImmutableArray<byte> buildIdOrUUID, OSPlatform originalPlatform, bool checkProperties) => null;
}
