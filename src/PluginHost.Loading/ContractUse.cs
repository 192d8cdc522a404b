using System.Reflection;
using System.Reflection.Metadata;
using PluginHost.Contracts.Faults;

namespace PluginHost.Loading;

/// <summary>
/// Compares what a plugin's code names of the assemblies that it shares with the host with the host's own copies, in metadata: what is missing there, the
/// runtime would report when the code that uses it is first called, perhaps hours later.
/// </summary>
internal sealed class ContractUse
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private const int MostNamed = 10;
    private readonly MetadataReader _reader;
    private readonly SharedAssemblies _shared;
    private readonly Dictionary<EntityHandle, Type?> _types = [];
    private readonly SortedDictionary<string, SortedSet<string>> _missing = new(StringComparer.Ordinal);

    private ContractUse(MetadataReader reader, SharedAssemblies shared)
    {
        _reader = reader;
        _shared = shared;
    }

    /// <summary>Checks the entry assembly and every private assembly that it reaches.</summary>
    /// <exception cref="PluginLoadException">Something is missing in the host's copy; each is named.</exception>
    public static void Check(LoadOptions options, AssemblyImage entry, PluginFiles files)
    {
        Check(options, entry, entry.FileName, files);
        HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase);
        Queue<AssemblyName> open = new(entry.References);
        while (open.TryDequeue(out AssemblyName? name))
        {
            if (options.Shared.Contains(name.Name!) || !seen.Add(name.Name!) || files.FindAssembly(name) is not { } file)
            {
                continue;
            }

            try
            {
                using AssemblyImage image = AssemblyImage.Open(file.Path);
                AssemblyName[] references = [.. image.References];
                Array.ForEach(references, open.Enqueue);
                if (references.Any(r => options.Shared.Contains(r.Name!)))
                {
                    Check(options, image, image.FileName, files);
                }
            }
            catch (BadImageFormatException)
            {
                // What loads it will say so, where anything does.
                continue;
            }
        }
    }

    /// <summary>What one assembly's code names of a shared assembly that the host's copy lacks, as the end of a sentence; null for nothing.</summary>
    public static string? MissingOf(AssemblyImage image, SharedAssemblies shared, string assembly)
    {
        ContractUse use = new(image.Metadata, shared);
        use.Look();
        return use._missing.TryGetValue(assembly, out SortedSet<string>? members) ? List(members) : null;
    }

    private static void Check(LoadOptions options, AssemblyImage image, string fileName, PluginFiles files)
    {
        ContractUse use = new(image.Metadata, options.Shared);
        use.Look();
        foreach ((string assembly, SortedSet<string> members) in use._missing)
        {
            Version version = options.Shared.Load(assembly).GetName().Version ?? new Version(0, 0);
            throw new PluginLoadException(
                options.PluginId,
                FaultKind.ContractMismatch,
                $"Plugin '{options.PluginId}' does not fit the host's contracts: {fileName} uses what the host's {assembly} {version} does not have: {List(members)}.",
                $"Install a host with a newer {assembly}, or rebuild the plugin against the host's.");
        }

        use.CheckClasses(options.PluginId, files);
    }

    private static string List(SortedSet<string> members) =>
        string.Join("; ", members.Take(MostNamed)) + (members.Count > MostNamed ? $"; and {members.Count - MostNamed} more" : "");

    private void Look()
    {
        foreach (TypeReferenceHandle type in _reader.TypeReferences)
        {
            Resolve(type);
        }

        foreach (MemberReferenceHandle member in _reader.MemberReferences)
        {
            Look(_reader.GetMemberReference(member));
        }
    }

    private void Look(MemberReference member)
    {
        if (Definition(member.Parent) is not { } parent || Resolve(parent) is not { } type)
        {
            return;
        }

        string name = _reader.GetString(member.Name);
        if (member.GetKind() == MemberReferenceKind.Field)
        {
            string fieldType = member.DecodeFieldSignature(SignatureText.Instance, null);
            if (type.GetField(name, Declared) is not { } field || !Fits(fieldType, SignatureText.Of(field.FieldType)))
            {
                Miss(parent, $"{type.FullName}.{name}");
            }

            return;
        }

        MethodSignature<string> signature = member.DecodeMethodSignature(SignatureText.Instance, null);
        if (!Line(type).SelectMany(t => t.GetMember(name, MemberTypes.Method | MemberTypes.Constructor, Declared)).OfType<MethodBase>().Any(m => Fits(signature, m)))
        {
            Miss(parent, $"{type.FullName}.{name}({string.Join(", ", signature.ParameterTypes)})");
        }
    }

    /// <summary>Every class that says it implements one of the host's interfaces has to have all of it, not the [Plugin] class alone.</summary>
    private void CheckClasses(string pluginId, PluginFiles files)
    {
        foreach (TypeDefinitionHandle handle in _reader.TypeDefinitions)
        {
            TypeDefinition type = _reader.GetTypeDefinition(handle);
            if ((type.Attributes & (TypeAttributes.Interface | TypeAttributes.Abstract)) != 0)
            {
                continue;
            }

            List<Type> contracts = [];
            foreach (InterfaceImplementationHandle implementation in type.GetInterfaceImplementations())
            {
                EntityHandle wanted = _reader.GetInterfaceImplementation(implementation).Interface;
                if (wanted.Kind == HandleKind.TypeReference && Resolve((TypeReferenceHandle)wanted) is { IsInterface: true } contract)
                {
                    contracts.Add(contract);
                }
            }

            if (contracts.Count > 0)
            {
                ContractFit.CheckClass(pluginId, _reader, handle, contracts, files);
            }
        }
    }

    /// <summary>The type reference that a member's parent is or is made of; null for types of the assembly itself.</summary>
    private TypeReferenceHandle? Definition(EntityHandle parent)
    {
        if (parent.Kind == HandleKind.TypeSpecification)
        {
            BlobReader blob = _reader.GetBlobReader(_reader.GetTypeSpecification((TypeSpecificationHandle)parent).Signature);
            if (blob.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
            {
                return null;
            }

            blob.ReadByte();
            parent = blob.ReadTypeHandle();
        }

        return parent.Kind == HandleKind.TypeReference ? (TypeReferenceHandle)parent : null;
    }

    /// <summary>The host's type; null where it is not shared, or missing, which is noted.</summary>
    private Type? Resolve(TypeReferenceHandle handle)
    {
        if (_types.TryGetValue(handle, out Type? known))
        {
            return known;
        }

        Type? type = null;
        if (Shared(handle) is { } assembly)
        {
            string name = SignatureText.NameOf(_reader, handle);
            type = _shared.Load(assembly).GetType(name, throwOnError: false);
            if (type is null)
            {
                Miss(handle, name);
            }
        }

        return _types[handle] = type;
    }

    private void Miss(TypeReferenceHandle type, string what)
    {
        string assembly = Shared(type)!;
        if (!_missing.TryGetValue(assembly, out SortedSet<string>? members))
        {
            _missing.Add(assembly, members = new(StringComparer.Ordinal));
        }

        members.Add(what);
    }

    private string? Shared(TypeReferenceHandle handle)
    {
        EntityHandle scope = _reader.GetTypeReference(handle).ResolutionScope;
        while (scope.Kind == HandleKind.TypeReference)
        {
            scope = _reader.GetTypeReference((TypeReferenceHandle)scope).ResolutionScope;
        }

        string? name = scope.Kind == HandleKind.AssemblyReference
            ? _reader.GetString(_reader.GetAssemblyReference((AssemblyReferenceHandle)scope).Name)
            : null;
        return name is not null && _shared.Contains(name) ? name : null;
    }

    private static IEnumerable<Type> Line(Type type)
    {
        for (Type? t = type; t is not null; t = t.BaseType)
        {
            yield return t;
        }

        foreach (Type inherited in type.GetInterfaces())
        {
            yield return inherited;
        }
    }

    private static bool Fits(MethodSignature<string> wanted, MethodBase method)
    {
        ParameterInfo[] parameters = method.GetParameters();
        return wanted.ParameterTypes.Length == parameters.Length
            && wanted.GenericParameterCount == (method.IsGenericMethodDefinition ? method.GetGenericArguments().Length : 0)
            && wanted.Header.IsInstance == !method.IsStatic
            && Fits(wanted.ReturnType, method is MethodInfo { ReturnType: { } result } ? SignatureText.Of(result) : "System.Void")
            && wanted.ParameterTypes.Zip(parameters).All(p => Fits(p.First, SignatureText.Of(p.Second.ParameterType)));
    }

    /// <summary>A type parameter stands for anything.</summary>
    private static bool Fits(string wanted, string found) =>
        wanted == found || wanted.Contains('!', StringComparison.Ordinal) || found.Contains('!', StringComparison.Ordinal);
}
