using System.Collections.Immutable;
using System.Text;
using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using PluginHost.Contracts;
using Samples.Contracts;

namespace Samples.Markdown;

/// <summary>
/// Renders with Markdig, a dependency of this plugin's own that no other part of the host sees. A paragraph of its own <c>{{note:KEY}}</c> becomes
/// the note of that key, where the policy lets the plugin use <see cref="INotes"/>.
/// </summary>
[Plugin]
public sealed class MarkdownPlugin(IPluginContext context) : IMarkdown
{
    private readonly NoteInclusion _notes = new(context);

    // Built once: a pipeline is immutable and shared by all calls.
    private readonly MarkdownPipeline _pipeline = new MarkdownPipelineBuilder().UseAdvancedExtensions().Build();

    /// <inheritdoc/>
    public Task<string> RenderAsync(string markdown, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(markdown);
        return cancellationToken.IsCancellationRequested ? Task.FromCanceled<string>(cancellationToken)
            : NoteInclusion.IsIn(markdown) ? RenderWithNotesAsync(markdown, cancellationToken)
            : Task.FromResult(Markdig.Markdown.ToHtml(markdown, _pipeline));
    }

    /// <inheritdoc/>
    public ValueTask<DocumentOutline> OutlineAsync(string markdown, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(markdown);
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<DocumentOutline>(cancellationToken)
            : ValueTask.FromResult(Outline(Markdig.Markdown.Parse(markdown, _pipeline)));
    }

    private async Task<string> RenderWithNotesAsync(string markdown, CancellationToken cancellationToken) =>
        Markdig.Markdown.ToHtml(await _notes.ExpandAsync(markdown, cancellationToken).ConfigureAwait(false), _pipeline);

    private static DocumentOutline Outline(MarkdownDocument document)
    {
        ImmutableArray<Heading> headings =
            [.. document.Descendants<HeadingBlock>().Select(heading => new Heading(heading.Level, Text(heading), heading.Line + 1))];
        int words = document.Descendants<LeafBlock>()
            .Where(block => block is not CodeBlock)
            .Sum(block => Text(block).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length);
        return new DocumentOutline(headings, document.Descendants<LinkInline>().Count(), words);
    }

    private static string Text(LeafBlock block)
    {
        StringBuilder text = new();
        foreach (Inline inline in block.Inline?.Descendants() ?? [])
        {
            switch (inline)
            {
                case LiteralInline literal:
                    text.Append(literal.Content.AsSpan());
                    break;
                case CodeInline code:
                    text.Append(code.Content);
                    break;
                case LineBreakInline:
                    text.Append(' ');
                    break;
            }
        }

        return text.ToString().Trim();
    }
}
