using System.Globalization;
using Microsoft.CodeAnalysis;
using PluginHost.Generators.Model;

namespace PluginHost.Generators.Parsing;

/// <summary>Turns the methods of one contract into models.</summary>
internal sealed class MethodParser(TypeParser types, ProblemList problems, Func<ISymbol, Location?> placeOf, string contractWireName)
{
    private readonly List<MethodModel> _models = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _wireNames = new(StringComparer.Ordinal);
    private readonly ErrorParser _errors = new(types, problems);

    public IReadOnlyList<MethodModel> Models => _models;

    /// <summary>Adds a method, or its problems.</summary>
    /// <param name="method">The method.</param>
    /// <param name="hasBody">True where an implementation may lack it.</param>
    public void Add(IMethodSymbol method, bool hasBody)
    {
        Location? place = placeOf(method);
        if (!_names.Add(method.Name))
        {
            problems.Add(ProblemKind.Overload, place, method.Name);
            return;
        }

        if (method.IsGenericMethod)
        {
            problems.Add(ProblemKind.GenericMethod, place, method.Name);
            return;
        }

        (ResultShape? shape, ITypeSymbol? resultType) = Result(method);
        if (shape is null)
        {
            problems.Add(ProblemKind.BadResult, place, method.Name, Names.Display(method.ReturnType));
            return;
        }

        TypeRef? result = resultType is null ? null : types.Parse(resultType, $"the result of {method.Name}", true, place);
        List<ParameterModel> parameters = Parameters(method);
        bool isAsync = shape is not (ResultShape.Void or ResultShape.Value);
        if (isAsync && !method.Parameters.Any(p => IsToken(p.Type)))
        {
            problems.Add(ProblemKind.NoToken, place, method.Name);
        }

        (string wireName, string? alternate) = WireName(method, place);
        AttributeData? policy = ContractAttributes.Find(method, ContractAttributes.Policy);
        MethodModel model = new(
            _models.Count,
            method.Name,
            method.ContainingType.ToDisplayString(Names.Qualified),
            wireName,
            alternate,
            shape.Value,
            method.ReturnType.ToDisplayString(Names.Qualified),
            result,
            new(parameters),
            new(_errors.Parse(method, place)),
            Timeout(method, policy, isAsync, place),
            ContractAttributes.Named(policy, "Idempotent") is true)
        {
            HasBody = hasBody,
        };
        Check(model, ContractAttributes.Place(policy) ?? place, place);
        _models.Add(model);
    }

    private void Check(MethodModel method, Location? policyPlace, Location? place)
    {
        if (method.IsIdempotent && method.HasLeases)
        {
            problems.Add(ProblemKind.IdempotentLease, policyPlace, method.Name);
        }

        if (method.Result is { Shape: TypeShape.Progress } || (method.Result is { Shape: TypeShape.AsyncSequence, IsNullable: true } && method.Shape == ResultShape.Sequence))
        {
            problems.Add(ProblemKind.BadResult, place, method.Name, method.Result.Type);
        }

        if (method.Result is { Shape: TypeShape.Stream } && !method.IsAsync)
        {
            problems.Add(ProblemKind.BadResult, place, method.Name, "Stream, which needs a task (Task<Stream>)");
        }

        if (method.Shape == ResultShape.Sequence && method.Lends)
        {
            problems.Add(ProblemKind.ShortArgument, place, method.Name);
        }
    }

    private static bool IsToken(ITypeSymbol type) =>
        type is INamedTypeSymbol named && FrameworkTypes.Metadata(named) == "System.Threading.CancellationToken";

    private static (ResultShape? Shape, ITypeSymbol? Type) Result(IMethodSymbol method)
    {
        if (method.ReturnsVoid)
        {
            return (ResultShape.Void, null);
        }

        if (method.RefKind != RefKind.None)
        {
            return (null, null);
        }

        if (method.ReturnType is not INamedTypeSymbol type)
        {
            return (ResultShape.Value, method.ReturnType);
        }

        (ResultShape? shape, ITypeSymbol? result) = FrameworkTypes.Metadata(type) switch
        {
            "System.Threading.Tasks.Task" => ((ResultShape?)ResultShape.Task, (ITypeSymbol?)null),
            "System.Threading.Tasks.ValueTask" => (ResultShape.ValueTask, null),
            "System.Threading.Tasks.Task`1" => (ResultShape.TaskOf, type.TypeArguments[0]),
            "System.Threading.Tasks.ValueTask`1" => (ResultShape.ValueTaskOf, type.TypeArguments[0]),
            "System.Collections.Generic.IAsyncEnumerable`1" => (ResultShape.Sequence, type),
            _ => (ResultShape.Value, type),
        };
        return result is INamedTypeSymbol named && IsAwaitable(named) ? (null, null) : (shape, result);
    }

    private static bool IsAwaitable(INamedTypeSymbol type) =>
        type.ContainingNamespace?.ToDisplayString() == "System.Threading.Tasks"
        || type.GetMembers("GetAwaiter").OfType<IMethodSymbol>().Any(m => m.Parameters.Length == 0);

    private List<ParameterModel> Parameters(IMethodSymbol method)
    {
        List<ParameterModel> parameters = [];
        foreach (IParameterSymbol parameter in method.Parameters)
        {
            Location? place = placeOf(parameter);
            if (parameter.RefKind != RefKind.None)
            {
                problems.Add(ProblemKind.ByReference, place, parameter.Name, method.Name, RefWord(parameter.RefKind));
                continue;
            }

            bool isToken = IsToken(parameter.Type);
            if (isToken && parameter.Ordinal != method.Parameters.Length - 1)
            {
                problems.Add(ProblemKind.TokenPlace, place, parameter.Name, method.Name);
                continue;
            }

            TypeRef? type = isToken ? null : types.Parse(parameter.Type, parameter.Name, true, place);
            if (type is { Shape: TypeShape.MemoryOwner })
            {
                problems.Add(ProblemKind.UnsupportedType, place, parameter.Name, type.Display, " It is a result only, which its caller then owns: take ReadOnlyMemory<byte>.");
                type = null;
            }

            if (type is { Shape: TypeShape.ContractObject } && ContractAttributes.Find(parameter, ContractAttributes.CallScoped) is not null)
            {
                type = type with { IsCallScoped = true };
            }

            if (isToken || type is not null)
            {
                parameters.Add(new ParameterModel(
                    parameter.Name,
                    Names.Camel(parameter.Name),
                    parameter.Type.ToDisplayString(Names.Qualified),
                    type,
                    isToken ? null : Literals.Default(parameter),
                    IsPartitionKey(parameter, type, method, place, parameters)));
            }
        }

        foreach (IGrouping<string, ParameterModel> same in parameters.GroupBy(p => p.WireName).Where(g => g.Count() > 1))
        {
            problems.Add(ProblemKind.DuplicateWireName, placeOf(method), same.Key, method.Name);
        }

        return parameters;
    }

    private bool IsPartitionKey(IParameterSymbol parameter, TypeRef? type, IMethodSymbol method, Location? place, List<ParameterModel> before)
    {
        if (ContractAttributes.Find(parameter, ContractAttributes.PartitionKey) is not { } attribute)
        {
            return false;
        }

        string? problem = type is null || PartitionKeys.CodeOf(type, "") is null
            ? $"has the type '{Names.Display(parameter.Type)}': use a whole number, char, string, Guid or an enum"
            : before.FirstOrDefault(p => p.IsPartitionKey) is { } first
                ? $"is the second one, after '{first.Name}': a call goes to one worker, so combine both into one value"
                : null;
        if (problem is not null)
        {
            problems.Add(ProblemKind.BadPartitionKey, ContractAttributes.Place(attribute) ?? place, parameter.Name, method.Name, problem);
        }

        return problem is null;
    }

    private static string RefWord(RefKind kind) => kind switch
    {
        RefKind.Ref => "ref",
        RefKind.Out => "out",
        RefKind.In => "in",
        _ => "ref readonly",
    };

    private (string Name, string? Alternate) WireName(IMethodSymbol method, Location? place)
    {
        AttributeData? attribute = ContractAttributes.Find(method, ContractAttributes.Wire);
        string? given = attribute?.ConstructorArguments.FirstOrDefault().Value as string;
        if (attribute is not null && !Names.IsWireName(given))
        {
            problems.Add(ProblemKind.BadWireName, ContractAttributes.Place(attribute) ?? place, given ?? "null");
        }

        string name = given ?? Names.WithoutAsync(method.Name);
        string? alternate = given is not null ? null : name == method.Name ? name + "Async" : method.Name;
        if (_wireNames.TryGetValue(name, out string? other))
        {
            problems.Add(ProblemKind.DuplicateWireName, place, $"{contractWireName}.{name}", $"{other} and {method.Name}");
        }

        _wireNames[name] = method.Name;
        return ($"{contractWireName}.{name}", alternate is null ? null : $"{contractWireName}.{alternate}");
    }

    private long? Timeout(IMethodSymbol method, AttributeData? policy, bool isAsync, Location? place)
    {
        if (ContractAttributes.Named(policy, "Timeout") is not string text)
        {
            return null;
        }

        if (!TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out TimeSpan timeout) || timeout <= TimeSpan.Zero)
        {
            problems.Add(ProblemKind.BadTimeout, ContractAttributes.Place(policy) ?? place, text, method.Name);
            return null;
        }

        if (!isAsync)
        {
            problems.Add(ProblemKind.TimeoutOnSynchronous, ContractAttributes.Place(policy) ?? place, method.Name);
        }

        return timeout.Ticks;
    }
}
