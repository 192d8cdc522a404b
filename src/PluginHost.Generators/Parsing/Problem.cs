using Microsoft.CodeAnalysis;

namespace PluginHost.Generators.Parsing;

/// <summary>What can be wrong with a contract; each kind is one diagnostic.</summary>
internal enum ProblemKind
{
    ContractShape,
    Overload,
    GenericMethod,
    ByReference,
    NotAMethod,
    UnsupportedType,
    MutableData,
    TokenPlace,
    StreamClass,
    BadTimeout,
    BadError,
    TimeoutOnSynchronous,
    DuplicateWireName,
    NoToken,
    PluginClass,
    BadWireName,
    BadResult,
    CannotRebuild,
    BadMajor,
    IdempotentLease,
    LeaseInside,
    ShortArgument,
    BadPartitionKey,
}

/// <summary>One thing that is wrong, and where.</summary>
internal sealed record Problem(ProblemKind Kind, Location? Location, params object[] Arguments)
{
    /// <summary>True where no code can be emitted.</summary>
    public bool IsError => Kind is not (ProblemKind.TimeoutOnSynchronous or ProblemKind.NoToken);
}

/// <summary>Collects the problems of one contract, each once.</summary>
/// <param name="compilation">The compilation to report in.</param>
/// <param name="fallback">Where to report what lies outside its source.</param>
internal sealed class ProblemList(Compilation compilation, Location? fallback)
{
    private readonly List<Problem> _problems = [];
    private readonly HashSet<string> _seen = [];

    public IReadOnlyList<Problem> Items => _problems;

    public bool HasErrors => IsBroken || _problems.Any(p => p.IsError);

    /// <summary>True where the compiler itself reports what is wrong.</summary>
    public bool IsBroken { get; set; }

    public void Add(ProblemKind kind, Location? location, params object[] arguments)
    {
        if (location?.SourceTree is not { } tree || !compilation.ContainsSyntaxTree(tree))
        {
            location = fallback;
        }

        if (_seen.Add($"{kind}|{location}|{string.Join("|", arguments)}"))
        {
            _problems.Add(new Problem(kind, location, arguments));
        }
    }
}
