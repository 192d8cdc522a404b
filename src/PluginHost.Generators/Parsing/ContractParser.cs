using Microsoft.CodeAnalysis;
using PluginHost.Generators.Model;

namespace PluginHost.Generators.Parsing;

/// <summary>Turns an interface into a model, or into problems. The generator takes the model, the analyzer the problems.</summary>
internal sealed class ContractParser
{
    private readonly Compilation _compilation;
    private readonly INamedTypeSymbol _contract;
    private readonly AttributeData? _attribute;
    private readonly Location? _fallback;
    private readonly ProblemList _problems;
    private readonly CancellationToken _cancellationToken;

    private ContractParser(
        Compilation compilation, INamedTypeSymbol contract, AttributeData? attribute, Location? fallback, CancellationToken cancellationToken)
    {
        _compilation = compilation;
        _contract = contract;
        _attribute = attribute;
        _fallback = fallback;
        _cancellationToken = cancellationToken;
        _problems = new ProblemList(compilation, fallback ?? contract.Locations.FirstOrDefault());
    }

    /// <summary>Parses a contract.</summary>
    /// <param name="compilation">The compilation that the code goes into.</param>
    /// <param name="contract">The interface.</param>
    /// <param name="attribute">What makes it a contract, with its version and wire name.</param>
    /// <param name="fallback">Where to report what is not in this compilation's source; null for the interface's own source.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>A model without errors, or null; and the problems.</returns>
    public static (ContractModel? Model, IReadOnlyList<Problem> Problems) Parse(
        Compilation compilation,
        INamedTypeSymbol contract,
        AttributeData? attribute,
        Location? fallback,
        CancellationToken cancellationToken)
    {
        ContractParser parser = new(compilation, contract, attribute, fallback, cancellationToken);
        ContractModel? model = parser.Run();
        return (parser._problems.HasErrors ? null : model, parser._problems.Items);
    }

    private ContractModel? Run()
    {
        if (WhyNoContract() is { } reason)
        {
            _problems.Add(ProblemKind.ContractShape, Place(_contract), _contract.Name, reason);
            return null;
        }

        string wireName = ContractAttributes.Named(_attribute, "WireName") as string ?? Names.WithoutI(_contract.Name);
        if (!Names.IsWireName(wireName))
        {
            _problems.Add(ProblemKind.BadWireName, ContractAttributes.Place(_attribute) ?? Place(_contract), wireName);
        }

        int major = ContractAttributes.Named(_attribute, "Major") as int? ?? 1;
        if (major < 1)
        {
            _problems.Add(ProblemKind.BadMajor, ContractAttributes.Place(_attribute) ?? Place(_contract), _contract.Name, major);
        }

        TypeParser types = new(_compilation, _problems);
        MethodParser methods = new(types, _problems, Place, wireName);
        foreach (IMethodSymbol method in Methods())
        {
            _cancellationToken.ThrowIfCancellationRequested();
            methods.Add(method, !method.IsAbstract || IsGivenABody(method));
        }

        return new ContractModel(
            Names.Space(_contract),
            _contract.ToDisplayString(Names.Qualified),
            Names.Metadata(_contract),
            Names.Stem(_contract),
            wireName,
            major,
            new(methods.Models),
            new(types.Data))
        {
            Enums = new(types.Enums),
        };
    }

    private string? WhyNoContract()
    {
        if (_contract.TypeKind != TypeKind.Interface)
        {
            return "is no interface";
        }

        for (INamedTypeSymbol? type = _contract; type is not null; type = type.ContainingType)
        {
            if (type.IsGenericType)
            {
                return "is generic, or inside a generic type";
            }

            if (type.IsFileLocal)
            {
                return "is visible in its own file only";
            }
        }

        return _compilation.IsSymbolAccessibleWithin(_contract, _compilation.Assembly) ? null : "is not accessible to the rest of its assembly";
    }

    private List<IMethodSymbol> Methods()
    {
        List<IMethodSymbol> methods = [];
        foreach (INamedTypeSymbol declaring in _contract.AllInterfaces.Reverse().Append(_contract))
        {
            if (FrameworkTypes.Metadata(declaring) is "System.IDisposable" or "System.IAsyncDisposable")
            {
                // How the holder of an object lets go of it; no call of its own.
                continue;
            }

            foreach (ISymbol member in declaring.GetMembers())
            {
                if (member is IMethodSymbol { MethodKind: MethodKind.Ordinary, IsStatic: false, DeclaredAccessibility: Accessibility.Public } method)
                {
                    methods.Add(method);
                }
                else if (WhyNoMethod(member) is { } reason)
                {
                    _problems.Add(ProblemKind.NotAMethod, Place(member), member.Name, _contract.Name, reason);
                }
            }
        }

        return methods;
    }

    // An interface may give a body to what one that it derives from leaves open.
    private bool IsGivenABody(IMethodSymbol method) => _contract.AllInterfaces.Prepend(_contract)
        .SelectMany(i => i.GetMembers().OfType<IMethodSymbol>())
        .Any(m => !m.IsAbstract && m.ExplicitInterfaceImplementations.Contains(method, SymbolEqualityComparer.Default));

    private static string? WhyNoMethod(ISymbol member) => member switch
    {
        IPropertySymbol { ExplicitInterfaceImplementations.Length: > 0 } or IEventSymbol { ExplicitInterfaceImplementations.Length: > 0 } => null,
        { IsStatic: true, IsAbstract: false } => null,
        IPropertySymbol { IsIndexer: true } => "an indexer",
        IPropertySymbol => "a property",
        IEventSymbol => "an event",
        IMethodSymbol { IsStatic: true, MethodKind: MethodKind.Ordinary or MethodKind.UserDefinedOperator or MethodKind.Conversion } => "a static abstract member",
        IMethodSymbol { MethodKind: MethodKind.Ordinary, DeclaredAccessibility: Accessibility.Internal or Accessibility.Protected } => "not public",
        _ => null,
    };

    private Location? Place(ISymbol symbol) => _fallback ?? symbol.Locations.FirstOrDefault();
}
