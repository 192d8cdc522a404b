using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using PluginHost.Generators.Parsing;

namespace PluginHost.Generators.Diagnostics;

/// <summary>Every diagnostic: one rule a kind of problem, each with a page under <c>docs/analyzers</c>.</summary>
internal static class Rules
{
    public static readonly DiagnosticDescriptor ContractShape = new(
        "PH0001", "A contract is an accessible, non-generic interface", "The contract '{0}' {1}",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0001.md");

    public static readonly DiagnosticDescriptor Overload = new(
        "PH0002", "A contract has no overloads", "The contract has more than one method '{0}': give each a name of its own",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0002.md");

    public static readonly DiagnosticDescriptor GenericMethod = new(
        "PH0003", "A contract has no generic methods", "The method '{0}' is generic: a call across processes needs types that are known when the contract is compiled",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0003.md");

    public static readonly DiagnosticDescriptor ByReference = new(
        "PH0004", "A contract passes by value", "The parameter '{0}' of '{1}' is '{2}': pass it by value, and return what the method changes",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0004.md");

    public static readonly DiagnosticDescriptor NotAMethod = new(
        "PH0005", "A contract has public instance methods only", "'{0}' of the contract '{1}' is {2}: make it a public instance method",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0005.md");

    public static readonly DiagnosticDescriptor UnsupportedType = new(
        "PH0006", "A type cannot cross to a plugin", "'{0}' has the type '{1}', which cannot cross to a plugin.{2}",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0006.md");

    public static readonly DiagnosticDescriptor MutableData = new(
        "PH0007", "Contract data is sealed and immutable", "The data type '{0}' {1}",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0007.md");

    public static readonly DiagnosticDescriptor TokenPlace = new(
        "PH0008", "A contract method has one CancellationToken, as its last parameter", "The CancellationToken '{0}' of '{1}' is not the last parameter: a method takes one token, and takes it last",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0008.md");

    public static readonly DiagnosticDescriptor StreamClass = new(
        "PH0009", "A stream crosses as Stream", "'{0}' has the type '{1}', and the other side gets a stream of its own: declare it as Stream",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0009.md");

    public static readonly DiagnosticDescriptor BadTimeout = new(
        "PH0010", "A time-out is a positive time span", "The time-out '{0}' of '{1}' is not a positive time span: write it as hh:mm:ss, such as 00:00:10",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0010.md");

    public static readonly DiagnosticDescriptor BadError = new(
        "PH0011", "A declared error can be rebuilt", "The error '{0}' of '{1}' cannot be rebuilt: it needs to be public, not abstract, not generic, with a public constructor whose parameters have the name and type of its properties",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0011.md");

    public static readonly DiagnosticDescriptor TimeoutOnSynchronous = new(
        "PH0012", "A synchronous method cannot be timed out in-process", "'{0}' is synchronous and owns its caller's thread: its time-out has no effect in the in-process tier; return a task instead",
        "PluginHost", DiagnosticSeverity.Warning, true, helpLinkUri: "docs/analyzers/PH0012.md");

    public static readonly DiagnosticDescriptor DuplicateWireName = new(
        "PH0013", "Names on the wire are unique", "The wire name '{0}' is used twice: {1}",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0013.md");

    public static readonly DiagnosticDescriptor NoToken = new(
        "PH0014", "An asynchronous method can be cancelled", "'{0}' is asynchronous and takes no CancellationToken: the plugin cannot be told to stop after a time-out",
        "PluginHost", DiagnosticSeverity.Info, true, helpLinkUri: "docs/analyzers/PH0014.md");

    public static readonly DiagnosticDescriptor PluginClass = new(
        "PH0015", "A plugin's class can be created and implements a contract", "The plugin class '{0}' {1}",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0015.md");

    public static readonly DiagnosticDescriptor BadWireName = new(
        "PH0016", "A wire name is 1 to 128 plain characters", "'{0}' is no wire name: write 1 to 128 characters without '/', '.', quotes and control characters, not starting with '$'",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0016.md");

    public static readonly DiagnosticDescriptor BadResult = new(
        "PH0017", "A result is a value or a task of a value", "'{0}' returns '{1}': return void, a value, Task, Task<T>, ValueTask, ValueTask<T> or IAsyncEnumerable<T>, where T is a value",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0017.md");

    public static readonly DiagnosticDescriptor CannotRebuild = new(
        "PH0018", "Contract data can be rebuilt from its members", "The data type '{0}' {1}",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0018.md");

    public static readonly DiagnosticDescriptor BadMajor = new(
        "PH0019", "A contract's major version is at least 1", "The contract '{0}' has the major version {1}: the first is 1",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0019.md");

    public static readonly DiagnosticDescriptor IdempotentLease = new(
        "PH0020", "An idempotent method holds nothing open", "'{0}' is idempotent and has progress, a sequence or an object of a contract: a lost call could not be sent again with them",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0020.md");

    public static readonly DiagnosticDescriptor LeaseInside = new(
        "PH0021", "Progress, sequences and objects of contracts are whole arguments or results", "'{0}' has the type '{1}', which stays with its owner: make it a parameter or the result of a method, not a part of other data",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0021.md");

    public static readonly DiagnosticDescriptor ShortArgument = new(
        "PH0022", "A sequence outlives its call's arguments", "'{0}' gives a sequence directly, and has an argument that ends before the sequence begins: return Task<IAsyncEnumerable<T>> and use the argument before the task ends, or pass a whole list",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0022.md");

    public static readonly DiagnosticDescriptor BadPartitionKey = new(
        "PH0023", "A partition key is one plain value", "The partition key '{0}' of '{1}' {2}",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0023.md");

    public static readonly DiagnosticDescriptor HealthCheck = new(
        "PH0024", "A health check is one public method that the host can call", "The health check '{0}' {1}",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0024.md");

    /// <summary>The rule of a kind of problem.</summary>
    public static DiagnosticDescriptor For(ProblemKind kind) => kind switch
    {
        ProblemKind.ContractShape => ContractShape,
        ProblemKind.Overload => Overload,
        ProblemKind.GenericMethod => GenericMethod,
        ProblemKind.ByReference => ByReference,
        ProblemKind.NotAMethod => NotAMethod,
        ProblemKind.UnsupportedType => UnsupportedType,
        ProblemKind.MutableData => MutableData,
        ProblemKind.TokenPlace => TokenPlace,
        ProblemKind.StreamClass => StreamClass,
        ProblemKind.BadTimeout => BadTimeout,
        ProblemKind.BadError => BadError,
        ProblemKind.TimeoutOnSynchronous => TimeoutOnSynchronous,
        ProblemKind.DuplicateWireName => DuplicateWireName,
        ProblemKind.NoToken => NoToken,
        ProblemKind.PluginClass => PluginClass,
        ProblemKind.BadWireName => BadWireName,
        ProblemKind.BadResult => BadResult,
        ProblemKind.CannotRebuild => CannotRebuild,
        ProblemKind.BadMajor => BadMajor,
        ProblemKind.IdempotentLease => IdempotentLease,
        ProblemKind.LeaseInside => LeaseInside,
        ProblemKind.ShortArgument => ShortArgument,
        ProblemKind.BadPartitionKey => BadPartitionKey,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind of problem."),
    };

    /// <summary>All rules about contracts.</summary>
    public static ImmutableArray<DiagnosticDescriptor> Contract { get; } =
        [.. Enum.GetValues(typeof(ProblemKind)).Cast<ProblemKind>().Where(k => k != ProblemKind.PluginClass).Select(For)];
}
