using Microsoft.CodeAnalysis;
using PluginHost.Generators.Model;

namespace PluginHost.Generators.Parsing;

/// <summary>Finds how each data type of a contract is taken apart and put together again.</summary>
internal sealed class DataParser(Compilation compilation, ProblemList problems, TypeParser types)
{
    private readonly HashSet<string> _reached = [];
    private readonly List<DataModel> _models = [];

    public IEnumerable<DataModel> Models => _models.OrderBy(m => m.Type.Id, StringComparer.Ordinal);

    /// <summary>Parses a data type, once.</summary>
    public void Reach(INamedTypeSymbol type, TypeRef reference, string path, Location? use)
    {
        if (!_reached.Add(reference.Id))
        {
            return;
        }

        Location? place = type.Locations.FirstOrDefault(l => l.IsInSource) ?? use;
        if (type is { TypeKind: TypeKind.Class, IsSealed: false })
        {
            problems.Add(ProblemKind.MutableData, place, reference.Display, "is not sealed: make it a sealed record");
            return;
        }

        List<DataMember> members = DataMember.Of(type);
        IMethodSymbol? constructor = Constructor(type, members);
        if (constructor is null)
        {
            problems.Add(
                ProblemKind.CannotRebuild, place, reference.Display,
                "has no accessible constructor whose parameters all have the name and type of a public property");
            return;
        }

        if (members.Count == 0 && type.GetMembers().OfType<IFieldSymbol>().Any(f => !f.IsStatic))
        {
            problems.Add(ProblemKind.CannotRebuild, place, reference.Display, "keeps its values where nobody can read them: it has no public member");
            return;
        }

        List<MemberModel> models = [];
        bool setsRequired = constructor.GetAttributes().Any(a => a.AttributeClass?.Name == "SetsRequiredMembersAttribute");
        foreach (IParameterSymbol parameter in constructor.Parameters)
        {
            DataMember member = members.First(m => m.Fits(parameter));
            members.Remove(member);
            Add(models, Member(type, member, parameter, setsRequired, path, use), reference, place);
        }

        foreach (DataMember member in members)
        {
            Add(models, Member(type, member, null, setsRequired, path, use), reference, place);
        }

        _models.Add(new DataModel(reference, new(models))
        {
            Constructors = new(Accessible(type).OrderByDescending(c => SymbolEqualityComparer.Default.Equals(c, constructor)).Select(Names.Parameters)),
        });
    }

    private void Add(List<MemberModel> models, MemberModel? member, TypeRef type, Location? place)
    {
        if (member is null)
        {
            return;
        }

        if (models.FirstOrDefault(m => m.WireName == member.WireName) is { } other)
        {
            problems.Add(
                ProblemKind.CannotRebuild, place, type.Display,
                $"has two members with the wire name '{member.WireName}': '{other.Name}' and '{member.Name}'");
        }

        models.Add(member);
    }

    private MemberModel? Member(
        INamedTypeSymbol type, DataMember member, IParameterSymbol? parameter, bool setsRequired, string path, Location? use)
    {
        string display = Names.Display(type);
        Location? place = member.Symbol.Locations.FirstOrDefault(l => l.IsInSource) ?? use;
        bool isClass = type.TypeKind == TypeKind.Class;
        if (isClass && member.IsPubliclyWritable)
        {
            problems.Add(ProblemKind.MutableData, place, display, $"can be changed through '{member.Name}': make it init-only");
            return null;
        }

        bool settable = member.Setter is { } setter && types.IsAccessible(setter);
        if (parameter is null && !settable)
        {
            if (member.HoldsState)
            {
                problems.Add(ProblemKind.CannotRebuild, place, display, $"has '{member.Name}', which neither a constructor nor an initializer can set");
            }

            return null;
        }

        if (types.Parse(member.Type, $"{path}.{member.Name}", false, use) is not { } reference)
        {
            return null;
        }

        bool mustSet = member.IsRequired && !setsRequired;
        string? initial = parameter is null ? null : Literals.Default(parameter) ?? (reference.IsNullable ? "default" : null);
        bool isRequired = parameter is null ? mustSet : initial is null;
        return new MemberModel(member.Name, Names.Camel(member.Name), reference, parameter is not null, isRequired, mustSet, initial);
    }

    private IEnumerable<IMethodSymbol> Accessible(INamedTypeSymbol type) =>
        type.InstanceConstructors.Where(c => compilation.IsSymbolAccessibleWithin(c, compilation.Assembly));

    private IMethodSymbol? Constructor(INamedTypeSymbol type, List<DataMember> members) => Accessible(type)
        .Where(c => !(c.Parameters.Length == 1 && SymbolEqualityComparer.Default.Equals(c.Parameters[0].Type, type)))
        .Where(c => c.Parameters.All(p => p.RefKind == RefKind.None && members.Any(m => m.Fits(p))))
        .OrderByDescending(c => c.Parameters.Length)
        .FirstOrDefault();
}
