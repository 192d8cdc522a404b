using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace PluginHost.Loading;

/// <summary>An assembly's file read as metadata: nothing is loaded, nothing runs.</summary>
internal sealed class AssemblyImage : IDisposable
{
    // A ready-to-run image's machine is the real one, combined with a constant of its operating system.
    private static readonly ushort[] s_systems = [0, 0x7B79, 0x4644, 0xADC4, 0x1993, 0x1992];
    private readonly PEReader _pe;

    private AssemblyImage(string path, PEReader pe, MetadataReader metadata)
    {
        Path = path;
        _pe = pe;
        Metadata = metadata;
    }

    public string Path { get; }

    public string FileName => System.IO.Path.GetFileName(Path);

    public MetadataReader Metadata { get; }

    /// <summary>The assemblies it was built against.</summary>
    /// <exception cref="BadImageFormatException">One of them is damaged.</exception>
    public IEnumerable<AssemblyName> References => Metadata.AssemblyReferences.Select(Reference);

    /// <summary>Its simple name, version and culture; the culture is empty but for satellites. As text: not every process can make a culture of it.</summary>
    public (string Name, string Version, string Culture) Identity
    {
        get
        {
            AssemblyDefinition definition = Metadata.GetAssemblyDefinition();
            return (Metadata.GetString(definition.Name), definition.Version.ToString(), Metadata.GetString(definition.Culture));
        }
    }

    /// <summary>The framework it was built for, such as <c>.NETCoreApp,Version=v10.0</c>; null where it does not say.</summary>
    public string? TargetFramework
    {
        get
        {
            foreach (CustomAttributeHandle handle in Metadata.GetAssemblyDefinition().GetCustomAttributes())
            {
                CustomAttribute attribute = Metadata.GetCustomAttribute(handle);
                if (AttributeName(Metadata, attribute) == "System.Runtime.Versioning.TargetFrameworkAttribute")
                {
                    BlobReader value = Metadata.GetBlobReader(attribute.Value);
                    return value.ReadUInt16() == 1 ? value.ReadSerializedString() : null;
                }
            }

            return null;
        }
    }

    /// <summary>The processor it is bound to; null where it runs on any.</summary>
    public string? ForeignMachine
    {
        get
        {
            CoffHeader coff = _pe.PEHeaders.CoffHeader;
            CorFlags flags = _pe.PEHeaders.CorHeader!.Flags;
            bool isAny = coff.Machine == Machine.I386 && flags.HasFlag(CorFlags.ILOnly) && !flags.HasFlag(CorFlags.Requires32Bit);
            Machine mine = RuntimeInformation.ProcessArchitecture switch
            {
                Architecture.X64 => Machine.Amd64,
                Architecture.X86 => Machine.I386,
                Architecture.Arm64 => Machine.Arm64,
                Architecture.Arm => Machine.ArmThumb2,
                _ => coff.Machine,
            };
            return isAny || s_systems.Any(system => ((ushort)coff.Machine ^ system) == (ushort)mine) ? null : coff.Machine.ToString();
        }
    }

    /// <summary>Opens an assembly's file.</summary>
    /// <exception cref="BadImageFormatException">It is no .NET assembly.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static AssemblyImage Open(string path)
    {
        PEReader pe = new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete));
        try
        {
            if (!pe.HasMetadata || !pe.GetMetadataReader().IsAssembly)
            {
                throw new BadImageFormatException("The file holds no .NET metadata.", path);
            }

            return new AssemblyImage(path, pe, pe.GetMetadataReader());
        }
        catch
        {
            pe.Dispose();
            throw;
        }
    }

    /// <summary>The full name of an attribute's type.</summary>
    public static string? AttributeName(MetadataReader reader, CustomAttribute attribute) => attribute.Constructor.Kind switch
    {
        HandleKind.MemberReference => SignatureText.NameOf(reader, reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent),
        HandleKind.MethodDefinition =>
            SignatureText.NameOf(reader, reader.GetMethodDefinition((MethodDefinitionHandle)attribute.Constructor).GetDeclaringType()),
        _ => null,
    };

    private AssemblyName Reference(AssemblyReferenceHandle handle)
    {
        try
        {
            return Metadata.GetAssemblyReference(handle).GetAssemblyName();
        }
        catch (ArgumentException damaged)
        {
            // A culture that there is not.
            throw new BadImageFormatException(damaged.Message, Path);
        }
    }

    public void Dispose() => _pe.Dispose();
}
