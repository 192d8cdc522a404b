using System.Reflection;

namespace PluginHost.Contracts.Invocation;

/// <summary>A contract as generated: its names, methods and factories. One instance a contract; thread-safe.</summary>
public abstract class ContractDescriptor
{
    /// <summary>The interface's full name, as manifests write it before the <c>@</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The major version.</summary>
    public abstract int Major { get; }

    /// <summary>The interface.</summary>
    public abstract Type InterfaceType { get; }

    /// <summary>The methods, by index.</summary>
    public abstract IReadOnlyList<ContractMethod> Methods { get; }

    /// <summary>The contract as manifests name it: <c>Name@Major</c>.</summary>
    public string VersionedName => $"{Name}@{Major}";

    /// <summary>Creates the remote caller side; the result implements the interface.</summary>
    public abstract object CreateProxy(IInvoker invoker);

    /// <summary>Creates what the application holds; the result implements the interface.</summary>
    public abstract Guard CreateGuard(GuardSite site);

    /// <summary>Creates the side that reads arguments and calls an implementation.</summary>
    /// <param name="target">An object that implements the interface.</param>
    public abstract Dispatcher CreateDispatcher(object target);

    /// <summary>Finds the generated descriptor of an interface.</summary>
    /// <param name="contract">An interface marked <see cref="PluginContractAttribute"/>, or named by a <see cref="GenerateContractAttribute"/>.</param>
    /// <param name="alsoIn">Assemblies to look in beside the interface's own.</param>
    /// <returns>The descriptor, or null where none was generated.</returns>
    public static ContractDescriptor? Find(Type contract, params IEnumerable<Assembly> alsoIn)
    {
        ArgumentNullException.ThrowIfNull(contract);
        foreach (Assembly assembly in alsoIn.Prepend(contract.Assembly))
        {
            foreach (ContractBindingAttribute binding in assembly.GetCustomAttributes<ContractBindingAttribute>())
            {
                if (binding.Contract == contract)
                {
                    return binding.CreateDescriptor();
                }
            }
        }

        return null;
    }

    /// <summary>All contracts generated into an assembly.</summary>
    public static IReadOnlyList<ContractDescriptor> FindAll(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        return [.. assembly.GetCustomAttributes<ContractBindingAttribute>().Select(b => b.CreateDescriptor())];
    }
}

/// <summary>Written by the generator: says which type describes a contract. <paramref name="descriptor"/> has a static <c>Instance</c> property.</summary>
/// <param name="contract">The interface.</param>
/// <param name="descriptor">A generated subclass of <see cref="ContractDescriptor"/> with a public parameterless constructor.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class ContractBindingAttribute(Type contract, Type descriptor) : Attribute
{
    /// <summary>The interface.</summary>
    public Type Contract { get; } = contract;

    /// <summary>The generated descriptor's type.</summary>
    public Type Descriptor { get; } = descriptor;

    internal ContractDescriptor CreateDescriptor() =>
        (ContractDescriptor)Activator.CreateInstance(Descriptor, nonPublic: true)!;
}
