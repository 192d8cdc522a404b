using System.Reflection;
using System.Reflection.Metadata;
using PluginHost.Contracts.Faults;

namespace PluginHost.Loading;

/// <summary>
/// Compares the methods that a plugin's class has with the host's contracts, in metadata: the runtime would refuse the whole class with the
/// name of one missing member, and only after other code of the plugin may have run.
/// </summary>
internal sealed class ContractFit
{
    private readonly string _pluginId;
    private readonly PluginFiles _files;
    private readonly HashSet<string> _interfaces = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string[]>> _methods = new(StringComparer.Ordinal);

    private ContractFit(string pluginId, PluginFiles files)
    {
        _pluginId = pluginId;
        _files = files;
    }

    /// <exception cref="PluginLoadException">A contract is not implemented, or not all of it.</exception>
    public static void Check(string pluginId, AssemblyImage entry, PluginClass plugin, IReadOnlyList<Type> contracts, PluginFiles files)
    {
        if (contracts.Count == 0)
        {
            return;
        }

        ContractFit fit = new(pluginId, files);
        fit.Collect(entry.Metadata, plugin.Handle);
        foreach (Type contract in contracts)
        {
            fit.Check(plugin, contract, contracts);
        }
    }

    /// <summary>
    /// The same for a class beside the plugin's own, such as one whose objects it gives away, and the interfaces of the host that it says it implements: where
    /// a member is missing, the runtime would refuse the class when it is first used.
    /// </summary>
    /// <exception cref="PluginLoadException">Not all of them are implemented.</exception>
    public static void CheckClass(string pluginId, MetadataReader reader, TypeDefinitionHandle type, IReadOnlyList<Type> contracts, PluginFiles files)
    {
        ContractFit fit = new(pluginId, files);
        fit.Collect(reader, type);
        foreach (Type contract in contracts)
        {
            fit.CheckMembers($"class {SignatureText.NameOf(reader, type)}", contract, contracts);
        }
    }

    private void Check(PluginClass plugin, Type contract, IReadOnlyList<Type> all)
    {
        if (!_interfaces.Contains(contract.FullName!))
        {
            string found = _interfaces.Count == 0 ? "no interface" : string.Join(", ", _interfaces.Order(StringComparer.Ordinal));
            throw Mismatch(
                $"its manifest names the contract {contract.FullName}, but its [Plugin] class {plugin.FullName} implements {found}.",
                "Implement the contract in that class, or correct \"contracts\" in plugin.json.");
        }

        CheckMembers($"[Plugin] class {plugin.FullName}", contract, all);
    }

    private void CheckMembers(string className, Type contract, IReadOnlyList<Type> all)
    {
        string[] missing = [.. contract.GetInterfaces().Prepend(contract).SelectMany(i => i.GetMethods()).Where(m => m.IsAbstract && !Has(m) && !IsGivenBy(all, m)).Select(Text)];
        if (missing.Length > 0)
        {
            throw Mismatch(
                $"the host's {contract.FullName} ({Versioned(contract.Assembly.GetName())}) has members that its {className} lacks: {string.Join("; ", missing)}.",
                "Rebuild the plugin against the host's version of the contract and implement them.");
        }
    }

    // An interface that derives from another may give that one's members bodies: private methods, named in full.
    private static bool IsGivenBy(IReadOnlyList<Type> contracts, MethodInfo wanted)
    {
        string name = $"{wanted.DeclaringType!.FullName!.Replace('+', '.')}.{wanted.Name}";
        return contracts.SelectMany(c => c.GetInterfaces().Prepend(c)).SelectMany(i => i.GetMethods(BindingFlags.Instance | BindingFlags.NonPublic)).Any(m => !m.IsAbstract && m.Name == name);
    }

    private bool Has(MethodInfo wanted)
    {
        string[] signature = [SignatureText.Of(wanted.ReturnType), .. wanted.GetParameters().Select(p => SignatureText.Of(p.ParameterType))];
        return _methods.TryGetValue(wanted.Name, out List<string[]>? found) && found.Any(f => Fits(f, signature));
    }

    /// <summary>A type parameter of a generic base class stands for anything: the runtime looks closer when it loads the class.</summary>
    private static bool Fits(string[] found, string[] wanted) =>
        found.Length == wanted.Length && found.Zip(wanted).All(p => p.First == p.Second || p.First.Contains('!', StringComparison.Ordinal));

    private void Collect(MetadataReader reader, TypeDefinitionHandle handle)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        foreach (InterfaceImplementationHandle implementation in type.GetInterfaceImplementations())
        {
            if (SignatureText.NameOf(reader, reader.GetInterfaceImplementation(implementation).Interface) is { } name)
            {
                _interfaces.Add(name);
            }
        }

        foreach (MethodDefinitionHandle method in type.GetMethods())
        {
            MethodDefinition definition = reader.GetMethodDefinition(method);
            if (definition.Attributes.HasFlag(MethodAttributes.Virtual) || definition.Attributes.HasFlag(MethodAttributes.Public))
            {
                Add(reader.GetString(definition.Name), definition.DecodeSignature(SignatureText.Instance, null));
            }
        }

        foreach (MethodImplementationHandle explicitly in type.GetMethodImplementations())
        {
            EntityHandle declaration = reader.GetMethodImplementation(explicitly).MethodDeclaration;
            if (declaration.Kind == HandleKind.MemberReference)
            {
                MemberReference member = reader.GetMemberReference((MemberReferenceHandle)declaration);
                Add(reader.GetString(member.Name), member.DecodeMethodSignature(SignatureText.Instance, null));
            }
        }

        CollectBase(reader, type.BaseType);
    }

    private void CollectBase(MetadataReader reader, EntityHandle parent)
    {
        switch (parent.Kind)
        {
            case HandleKind.TypeDefinition when !parent.IsNil:
                Collect(reader, (TypeDefinitionHandle)parent);
                break;
            case HandleKind.TypeReference:
                CollectElsewhere(reader, (TypeReferenceHandle)parent);
                break;
            case HandleKind.TypeSpecification:
                // Of a generic base, such as Base<int>: the definition's handle comes second in its signature.
                BlobReader blob = reader.GetBlobReader(reader.GetTypeSpecification((TypeSpecificationHandle)parent).Signature);
                if (blob.ReadSignatureTypeCode() == SignatureTypeCode.GenericTypeInstance)
                {
                    blob.ReadByte();
                    CollectBase(reader, blob.ReadTypeHandle());
                }

                break;
        }
    }

    private void CollectElsewhere(MetadataReader reader, TypeReferenceHandle parent)
    {
        EntityHandle scope = reader.GetTypeReference(parent).ResolutionScope;
        if (scope.Kind != HandleKind.AssemblyReference
            || _files.FindAssembly(reader.GetAssemblyReference((AssemblyReferenceHandle)scope).GetAssemblyName()) is not { } file)
        {
            return;
        }

        using AssemblyImage image = AssemblyImage.Open(file.Path);
        string name = SignatureText.NameOf(reader, parent);
        TypeDefinitionHandle definition = image.Metadata.TypeDefinitions.FirstOrDefault(t => SignatureText.NameOf(image.Metadata, t) == name);
        if (!definition.IsNil)
        {
            Collect(image.Metadata, definition);
        }
    }

    private void Add(string name, MethodSignature<string> signature)
    {
        if (!_methods.TryGetValue(name, out List<string[]>? overloads))
        {
            _methods.Add(name, overloads = []);
        }

        overloads.Add([signature.ReturnType, .. signature.ParameterTypes]);
    }

    private static string Text(MethodInfo method) =>
        $"{method.ReturnType.Name} {method.Name}({string.Join(", ", method.GetParameters().Select(p => p.ParameterType.Name))})";

    private static string Versioned(AssemblyName name) => $"{name.Name} {name.Version}";

    private PluginLoadException Mismatch(string what, string remedy) =>
        new(_pluginId, FaultKind.ContractMismatch, $"Plugin '{_pluginId}' does not fit the host's contracts: {what}", remedy);
}
