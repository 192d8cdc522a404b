using System.Collections.Immutable;
using PluginHost.Contracts;

namespace Samples.Contracts;

/// <summary>Turns Markdown into HTML. Thread-safe.</summary>
[PluginContract(Major = 1)]
public interface IMarkdown
{
    /// <summary>Renders a document.</summary>
    /// <param name="markdown">The document's text.</param>
    /// <param name="cancellationToken">Ends the call before rendering begins.</param>
    /// <returns>HTML without a surrounding page; empty for an empty document.</returns>
    [CallPolicy(Idempotent = true)]
    Task<string> RenderAsync(string markdown, CancellationToken cancellationToken);

    /// <summary>Lists a document's headings and counts what it holds.</summary>
    /// <param name="markdown">The document's text.</param>
    /// <param name="cancellationToken">Ends the call before parsing begins.</param>
    /// <returns>The outline, headings in the document's order.</returns>
    [CallPolicy(Idempotent = true)]
    ValueTask<DocumentOutline> OutlineAsync(string markdown, CancellationToken cancellationToken);
}

/// <summary>What a document holds.</summary>
/// <param name="Headings">The headings in order.</param>
/// <param name="Links">How many links and images there are.</param>
/// <param name="Words">How many words the text has, code left out.</param>
public sealed record DocumentOutline(ImmutableArray<Heading> Headings, int Links, int Words);

/// <summary>One heading.</summary>
/// <param name="Level">1 to 6.</param>
/// <param name="Text">Its text without marks.</param>
/// <param name="Line">The line it starts on, from 1.</param>
public sealed record Heading(int Level, string Text, int Line);
