using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using PluginHost.Generators.Emitting;
using PluginHost.Generators.Model;
using PluginHost.Generators.Parsing;

namespace PluginHost.Generators;

/// <summary>Writes guard, proxy, dispatcher, readers and writers for every contract. Emits nothing for one that has errors: the analyzer reports them.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class ContractGenerator : IIncrementalGenerator
{
    /// <summary>The name of the step that gives the contracts marked in this assembly.</summary>
    internal const string MarkedStep = "MarkedContracts";

    /// <summary>The name of the step that gives the contracts named by an assembly attribute.</summary>
    internal const string NamedStep = "NamedContracts";

    /// <summary>The name of the step that gives all contracts of the assembly together.</summary>
    internal const string AllStep = "AllContracts";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<ContractModel> marked = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                ContractAttributes.Contract,
                static (node, _) => node is InterfaceDeclarationSyntax,
                static (found, cancellation) => ContractParser.Parse(
                    found.SemanticModel.Compilation, (INamedTypeSymbol)found.TargetSymbol, found.Attributes[0], null, cancellation).Model)
            .Where(static model => model is not null)
            .Select(static (model, _) => model!)
            .WithTrackingName(MarkedStep);

        IncrementalValuesProvider<ContractModel> named = context.CompilationProvider
            .SelectMany(static (compilation, cancellation) => Named(compilation, cancellation))
            .WithTrackingName(NamedStep);

        IncrementalValueProvider<string> assembly = context.CompilationProvider.Select(static (compilation, _) => compilation.AssemblyName ?? "Assembly");
        IncrementalValueProvider<EquatableArray<ContractModel>> all = marked.Collect().Combine(named.Collect())
            .Select(static (both, _) => new EquatableArray<ContractModel>(both.Left.AddRange(both.Right)))
            .WithTrackingName(AllStep);

        context.RegisterSourceOutput(marked.Combine(assembly), static (output, contract) => Add(output, contract.Left, contract.Right));
        context.RegisterSourceOutput(named.Combine(assembly), static (output, contract) => Add(output, contract.Left, contract.Right));
        context.RegisterSourceOutput(all.Combine(assembly), static (output, contracts) =>
        {
            if (contracts.Left.Count > 0)
            {
                output.AddSource("ContractValues.g.cs", ValuesEmitter.Emit(contracts.Right, contracts.Left));
                output.AddSource("ContractBaseline.g.cs", BaselineEmitter.Emit(contracts.Left, contracts.Right));
            }
        });
    }

    private static ImmutableArray<ContractModel> Named(Compilation compilation, CancellationToken cancellation)
    {
        ImmutableArray<ContractModel>.Builder contracts = ImmutableArray.CreateBuilder<ContractModel>();
        foreach (AttributeData attribute in ContractAttributes.FindAll(compilation.Assembly, ContractAttributes.Generate))
        {
            if (attribute.ConstructorArguments.FirstOrDefault().Value is INamedTypeSymbol contract
                && !IsMarkedHere(compilation, contract)
                && ContractParser.Parse(compilation, contract, attribute, ContractAttributes.Place(attribute), cancellation).Model is { } model
                && contracts.All(c => c.FullName != model.FullName))
            {
                contracts.Add(model);
            }
        }

        return contracts.ToImmutable();
    }

    // Such a contract is found by its own mark already.
    private static bool IsMarkedHere(Compilation compilation, INamedTypeSymbol contract) =>
        ContractAttributes.IsContract(contract) && SymbolEqualityComparer.Default.Equals(contract.ContainingAssembly, compilation.Assembly);

    private static void Add(SourceProductionContext output, ContractModel contract, string assembly) =>
        output.AddSource($"{contract.FullName.Replace('+', '.')}.g.cs", ContractEmitter.Emit(contract, assembly));
}
