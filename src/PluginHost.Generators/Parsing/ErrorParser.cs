using Microsoft.CodeAnalysis;
using PluginHost.Generators.Model;

namespace PluginHost.Generators.Parsing;

/// <summary>Finds how each declared error of a method is rebuilt.</summary>
internal sealed class ErrorParser(TypeParser types, ProblemList problems)
{
    /// <summary>The method's errors, the most derived first: the first that fits a thrown exception is the one it is rebuilt as.</summary>
    public IEnumerable<ErrorModel> Parse(IMethodSymbol method, Location? methodPlace)
    {
        List<(int Depth, ErrorModel Model)> errors = [];
        foreach (AttributeData attribute in ContractAttributes.FindAll(method, ContractAttributes.Throws))
        {
            Location? place = ContractAttributes.Place(attribute) ?? methodPlace;
            if (attribute.AttributeClass!.TypeArguments[0] is not INamedTypeSymbol type || type.TypeKind == TypeKind.Error)
            {
                continue;
            }

            if (Constructor(type, place) is not var (constructor, arguments))
            {
                problems.Add(ProblemKind.BadError, place, Names.Display(type), method.Name);
                continue;
            }

            string code = type.ToDisplayString(Names.Qualified);
            string id = Names.Identifier(code.Replace("global::", string.Empty));
            ErrorModel error = new(code, Names.Metadata(type), id, new(arguments))
            {
                Constructors = new(type.InstanceConstructors
                    .Where(c => c.DeclaredAccessibility == Accessibility.Public)
                    .OrderByDescending(c => SymbolEqualityComparer.Default.Equals(c, constructor)).Select(Names.Parameters)),
            };
            errors.Add((Depth(type), error));
        }

        return errors.OrderByDescending(e => e.Depth).Select(e => e.Model);
    }

    private static int Depth(INamedTypeSymbol type)
    {
        int depth = 0;
        for (INamedTypeSymbol? b = type.BaseType; b is not null; b = b.BaseType)
        {
            depth++;
        }

        return depth;
    }

    private (IMethodSymbol Constructor, List<MemberModel> Arguments)? Constructor(INamedTypeSymbol type, Location? place)
    {
        if (type.IsAbstract || type.IsGenericType || !types.IsAccessible(type))
        {
            return null;
        }

        List<DataMember> members = DataMember.Of(type);
        return type.InstanceConstructors
            .Where(c => c.DeclaredAccessibility == Accessibility.Public && !AddsToMessage(c) && types.CanCross(c.Parameters.Select(p => p.Type)))
            .OrderByDescending(c => c.Parameters.Length)
            .Select(c => Arguments(c, members, place) is { } arguments ? (c, arguments) : default((IMethodSymbol, List<MemberModel>)?))
            .FirstOrDefault(a => a is not null);
    }

    // ArgumentException puts the parameter's name into its message: rebuilt from both, it would stand there twice.
    private static bool AddsToMessage(IMethodSymbol constructor) =>
        constructor.Parameters.Any(p => p.Name == "paramName") && constructor.Parameters.Any(p => p.Name == "message");

    private List<MemberModel>? Arguments(IMethodSymbol constructor, List<DataMember> members, Location? place)
    {
        List<MemberModel> arguments = [];
        foreach (IParameterSymbol parameter in constructor.Parameters)
        {
            // An inner exception is an object of the plugin: it never crosses.
            if (members.FirstOrDefault(m => m.Fits(parameter)) is not { } member || member.Name == "InnerException")
            {
                return null;
            }

            if (types.Parse(parameter.Type, $"{constructor.ContainingType.Name}.{member.Name}", false, place) is not { } reference)
            {
                return null;
            }

            string? initial = Literals.Default(parameter) ?? (reference.IsNullable ? "default" : null);
            arguments.Add(new MemberModel(member.Name, Names.Camel(member.Name), reference, true, initial is null, false, initial));
        }

        return arguments;
    }
}
