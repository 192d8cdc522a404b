using Microsoft.CodeAnalysis;
using PluginHost.Generators.Model;

namespace PluginHost.Generators.Diagnostics;

/// <summary>A promise of a release that the code no longer keeps.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Before">The line of the baseline that made the promise; null for what was added.</param>
/// <param name="Type">The contract or data type that it is about, as the baseline names it.</param>
/// <param name="Member">The method or member, or null.</param>
/// <param name="Arguments">For the rule's text.</param>
internal sealed record ReleasedFinding(DiagnosticDescriptor Rule, ReleasedEntry? Before, string Type, string? Member, params object[] Arguments);
