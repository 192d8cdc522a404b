using System.Reflection.Metadata;

namespace PluginHost.Cli.Checks;

/// <summary>What is known around a call when it is judged. Immutable.</summary>
/// <param name="Own">The simple names of the plugin's own assemblies, private libraries included.</param>
/// <param name="Calls">The other calls of the same method.</param>
/// <param name="WatchesToken">Whether a method of the assembly looks at a cancellation token.</param>
internal sealed record Scope(IReadOnlySet<string> Own, IReadOnlyList<Call> Calls, Func<EntityHandle, bool> WatchesToken);

/// <summary>What a call comes to.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Severity">How grave it is here.</param>
/// <param name="Undo">The call that undoes it, as <see cref="Call.Key"/> or <c>dispose TYPE</c>: in the same class it makes the finding a note. Null where nothing does.</param>
internal sealed record Judgement(Rule Rule, Severity Severity, string? Undo = null);
