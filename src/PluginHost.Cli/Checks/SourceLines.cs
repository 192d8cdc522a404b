using System.Globalization;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace PluginHost.Cli.Checks;

/// <summary>Says where in the source a place in the code is, where the assembly's debugging symbols lie beside it or in it.</summary>
internal sealed class SourceLines : IDisposable
{
    private readonly MetadataReaderProvider? _provider;
    private readonly MetadataReader? _symbols;

    /// <summary>Looks for an assembly's symbols; without any every place is unknown.</summary>
    public SourceLines(PEReader assembly, string path)
    {
        try
        {
            if (assembly.TryOpenAssociatedPortablePdb(path, static file => File.Exists(file) ? File.OpenRead(file) : null, out _provider, out _))
            {
                _symbols = _provider!.GetMetadataReader();
            }
        }
        catch (Exception damaged) when (damaged is BadImageFormatException or IOException or UnauthorizedAccessException)
        {
            _symbols = null;
        }
    }

    /// <summary>File and line, such as <c>Clock.cs:31</c>; null where it is not known.</summary>
    public string? At(MethodDefinitionHandle method, int offset)
    {
        if (_symbols is null)
        {
            return null;
        }

        try
        {
            SequencePoint? last = null;
            foreach (SequencePoint point in _symbols.GetMethodDebugInformation(method.ToDebugInformationHandle()).GetSequencePoints())
            {
                if (point.Offset > offset && last is not null)
                {
                    break;
                }

                last = point.IsHidden ? last : point;
            }

            return last is { } found
                ? string.Create(CultureInfo.InvariantCulture, $"{FileOf(_symbols.GetString(_symbols.GetDocument(found.Document).Name))}:{found.StartLine}")
                : null;
        }
        catch (BadImageFormatException)
        {
            return null;
        }
    }

    public void Dispose() => _provider?.Dispose();

    // A document's path is of the machine that built it, whatever that was.
    private static string FileOf(string path) => path[(path.LastIndexOfAny(['/', '\\']) + 1)..];
}
