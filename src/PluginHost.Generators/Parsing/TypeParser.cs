using Microsoft.CodeAnalysis;
using PluginHost.Generators.Model;

namespace PluginHost.Generators.Parsing;

/// <summary>Turns the types of one contract into models, and reports those that cannot cross.</summary>
internal sealed class TypeParser
{
    private readonly Compilation _compilation;
    private readonly ProblemList _problems;
    private readonly DataParser _data;
    private readonly SortedDictionary<string, EnumModel> _enums = new(StringComparer.Ordinal);

    public TypeParser(Compilation compilation, ProblemList problems)
    {
        _compilation = compilation;
        _problems = problems;
        _data = new DataParser(compilation, problems, this);
    }

    /// <summary>The data types reached so far.</summary>
    public IEnumerable<DataModel> Data => _data.Models;

    /// <summary>The enums reached so far, but for the framework's.</summary>
    public IEnumerable<EnumModel> Enums => _enums.Values;

    /// <summary>Parses a type.</summary>
    /// <param name="type">The type.</param>
    /// <param name="path">Where it is, for messages: <c>Order.Lines[].Tag</c>.</param>
    /// <param name="isRoot">True for a parameter or result: a data type then begins the path with its own name.</param>
    /// <param name="use">Where the contract uses it.</param>
    /// <returns>Null after a problem was reported.</returns>
    public TypeRef? Parse(ITypeSymbol type, string path, bool isRoot, Location? use)
    {
        if (FrameworkTypes.Leaf(type) is { } shape)
        {
            return Leaf(shape, type);
        }

        if (type.TypeKind == TypeKind.Error)
        {
            _problems.IsBroken = true;
            return null;
        }

        return type switch
        {
            IArrayTypeSymbol { Rank: 1 } array => Of(TypeShape.Array, "ArrayOf", type, path, use, array.ElementType),
            INamedTypeSymbol { TypeKind: TypeKind.Enum } named when IsAccessible(named) => Enum(named),
            INamedTypeSymbol named => Named(named, path, isRoot, use),
            _ => Unsupported(type, path, use, string.Empty),
        };
    }

    /// <summary>True where generated code may name the type.</summary>
    public bool IsAccessible(ISymbol symbol) => _compilation.IsSymbolAccessibleWithin(symbol, _compilation.Assembly);

    /// <summary>True where <see cref="Parse"/> would find no problem; reports none.</summary>
    public bool CanCross(IEnumerable<ITypeSymbol> candidates)
    {
        ProblemList trial = new(_compilation, null);
        TypeParser parser = new(_compilation, trial);
        return candidates.All(c => parser.Parse(c, string.Empty, false, null) is not null) && !trial.HasErrors;
    }

    private static bool IsNullable(ITypeSymbol type) => type.IsReferenceType && type.NullableAnnotation != NullableAnnotation.NotAnnotated;

    private static TypeRef Leaf(TypeShape shape, ITypeSymbol type)
    {
        string code = shape == TypeShape.Bytes
            ? "byte[]"
            : type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToDisplayString(Names.Qualified);
        return new TypeRef(shape, code, shape.ToString(), code.Replace("global::System.", string.Empty), type.IsReferenceType, IsNullable(type), default);
    }

    private TypeRef Enum(INamedTypeSymbol type)
    {
        string code = type.ToDisplayString(Names.Qualified);
        TypeRef underlying = Leaf(FrameworkTypes.Leaf(type.EnumUnderlyingType!)!.Value, type.EnumUnderlyingType!);
        if (!_enums.ContainsKey(code) && !code.StartsWith("global::System.", StringComparison.Ordinal))
        {
            _enums.Add(code, new EnumModel(code, underlying.Code, new(type.GetMembers().OfType<IFieldSymbol>()
                .Where(f => f.HasConstantValue)
                .Select(f => new EnumValueModel(f.Name, Convert.ToString(f.ConstantValue, System.Globalization.CultureInfo.InvariantCulture))))));
        }

        return new TypeRef(TypeShape.Enum, code, Id(code), type.Name, false, false, new([underlying]));
    }

    private TypeRef? Named(INamedTypeSymbol type, string path, bool isRoot, Location? use)
    {
        if (FrameworkTypes.Lease(type, _compilation) is { } lease)
        {
            if (!isRoot)
            {
                _problems.Add(ProblemKind.LeaseInside, use, path, Names.Display(type));
                return null;
            }

            if (lease is TypeShape.Stream or TypeShape.MemoryOwner)
            {
                return Leaf(lease, type);
            }

            return lease == TypeShape.ContractObject ? ContractObject(type, path, use) : Of(lease, lease == TypeShape.Progress ? "IProgressOf" : "IAsyncEnumerableOf", type, path, use, type.TypeArguments[0]);
        }

        if (FrameworkTypes.IsStreamClass(type))
        {
            _problems.Add(ProblemKind.StreamClass, use, path, Names.Display(type));
            return null;
        }

        if (type.IsTupleType)
        {
            return Of(TypeShape.ValueTuple, "TupleOf", type, path, use, [.. type.TupleElements.Select(e => e.Type)]);
        }

        if (FrameworkTypes.Generic(type) is var (shape, prefix))
        {
            return shape is TypeShape.Dictionary or TypeShape.Map
                ? Dictionary(shape, prefix, type, path, use)
                : Of(shape, prefix, type, path, use, [.. type.TypeArguments]);
        }

        if (FrameworkTypes.WhyNotData(type) is { } reason)
        {
            return Unsupported(type, path, use, reason);
        }

        if (!IsAccessible(type))
        {
            return Unsupported(type, path, use, " It is not accessible to the contract's assembly.");
        }

        string code = type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToDisplayString(Names.Qualified);
        TypeRef data = new(TypeShape.Data, code, Id(code), Names.Display(type).TrimEnd('?'), type.IsReferenceType, false, default);
        _data.Reach(type, data, isRoot ? data.Display : path, use);
        return data with { IsNullable = IsNullable(type) };
    }

    private TypeRef? ContractObject(INamedTypeSymbol type, string path, Location? use)
    {
        if (!IsAccessible(type))
        {
            return Unsupported(type, path, use, " It is not accessible to the contract's assembly.");
        }

        // Another assembly's generated types are its own: they are found once, at run time.
        string code = type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToDisplayString(Names.Qualified);
        bool isHere = SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, _compilation.Assembly) || ContractAttributes.IsNamed(type, _compilation);
        string descriptor = isHere ? $"global::{Names.GeneratedSpace(Names.Space(type))}.{Names.Stem(type)}Contract.Instance" : string.Empty;
        return new TypeRef(TypeShape.ContractObject, code, Id(code), Names.Display(type).TrimEnd('?'), true, IsNullable(type), default) { Descriptor = descriptor };
    }

    private TypeRef? Dictionary(TypeShape shape, string prefix, INamedTypeSymbol type, string path, Location? use)
    {
        ITypeSymbol key = type.TypeArguments[0];
        ITypeSymbol named = key is INamedTypeSymbol { EnumUnderlyingType: { } underlying } ? underlying : key;
        if (FrameworkTypes.Leaf(named) is not (TypeShape.String or TypeShape.Guid or (>= TypeShape.SByte and <= TypeShape.UInt64)))
        {
            return Unsupported(key, path + ".Keys", use, " A key is a string, an integer, an enum or a Guid.");
        }

        return Of(shape, prefix, type, path, use, [.. type.TypeArguments]);
    }

    private TypeRef? Of(TypeShape shape, string prefix, ITypeSymbol type, string path, Location? use, params ITypeSymbol[] items)
    {
        bool isTuple = shape is TypeShape.Tuple or TypeShape.ValueTuple;
        List<TypeRef> parsed = [];
        for (int i = 0; i < items.Length; i++)
        {
            string place = isTuple ? $"{path}.Item{i + 1}" : shape == TypeShape.Nullable ? path : path + "[]";
            if (Parse(items[i], place, false, use) is not { } item)
            {
                return null;
            }

            parsed.Add(item);
        }

        string code = shape switch
        {
            TypeShape.Array => ArrayCode(parsed[0]),
            TypeShape.Nullable => parsed[0].Code + "?",
            TypeShape.ValueTuple when parsed.Count > 1 => "(" + string.Join(", ", parsed.Select(p => p.Type)) + ")",
            TypeShape.ValueTuple => $"global::System.ValueTuple<{string.Join(", ", parsed.Select(p => p.Type))}>",
            _ => FrameworkTypes.Open((INamedTypeSymbol)type) + "<" + string.Join(", ", parsed.Select(p => p.Type)) + ">",
        };
        string id = prefix + (parsed.Count > 1 ? parsed.Count.ToString(System.Globalization.CultureInfo.InvariantCulture) : string.Empty)
            + string.Concat(parsed.Select(p => "_" + p.NullableId));
        bool nullable = shape == TypeShape.Nullable || IsNullable(type);
        string display = Names.Display(type);
        return new TypeRef(shape, code, id, type.IsReferenceType ? display.TrimEnd('?') : display, type.IsReferenceType, nullable, new(parsed));
    }

    // An array of arrays is written from the outside in: int?[][] is an array of int?[].
    private static string ArrayCode(TypeRef element)
    {
        if (element is { Shape: TypeShape.Array or TypeShape.Bytes, IsNullable: false })
        {
            int rank = element.Code.IndexOf("[]", element.Code.LastIndexOf('>') + 1, StringComparison.Ordinal);
            return element.Code.Insert(rank, "[]");
        }

        return element.Type + "[]";
    }

    private static string Id(string code) => Names.Identifier(code.Replace("global::", string.Empty));

    private TypeRef? Unsupported(ITypeSymbol type, string path, Location? use, string reason)
    {
        _problems.Add(ProblemKind.UnsupportedType, use, path, Names.Display(type), reason);
        return null;
    }
}
