using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace PluginHost.Generators.Diagnostics;

/// <summary>The rules of what a minor release may change. They need a baseline: a contract without one has not been released.</summary>
internal static class BaselineRules
{
    public static readonly DiagnosticDescriptor Unreadable = new(
        "PH0030", "The baseline of released contracts can be read", "This line of {0} cannot be read: {1}",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0030.md", customTags: WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor Contract = new(
        "PH0031", "A released contract stays", "The released contract '{0}' {1}",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0031.md", customTags: WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor Method = new(
        "PH0032", "A released method stays as it is", "The released method '{0}' {1}",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0032.md", customTags: WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor Added = new(
        "PH0033", "A method that is added to a released contract has a body", "'{0}' is added to the released contract '{1}' without a body: plugins built before could not be loaded; give it a body, or put it into a new interface",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0033.md", customTags: WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor Data = new(
        "PH0034", "Released data stays readable", "The released type '{0}' {1}",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0034.md", customTags: WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor Promise = new(
        "PH0035", "A released method keeps its promises", "The released method '{0}' {1}",
        "PluginHost", DiagnosticSeverity.Error, true, helpLinkUri: "docs/analyzers/PH0035.md", customTags: WellKnownDiagnosticTags.CompilationEnd);

    /// <summary>All of them.</summary>
    public static ImmutableArray<DiagnosticDescriptor> All { get; } = [Unreadable, Contract, Method, Added, Data, Promise];
}
