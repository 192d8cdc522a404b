using Samples.Contracts;
using Samples.Markdown;

namespace Samples.Tests.Markdown;

public sealed class MarkdownPluginTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_heading_a_table_and_code_become_html()
    {
        MarkdownPlugin plugin = new();

        string html = await plugin.RenderAsync("# Hello\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`x < y`\n", Token);

        Assert.StartsWith("<h1 id=\"hello\">Hello</h1>\n<table>", html, StringComparison.Ordinal);
        Assert.Contains("<td>2</td>", html, StringComparison.Ordinal);
        Assert.EndsWith("<p><code>x &lt; y</code></p>\n", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_document_is_empty_html()
    {
        Assert.Equal("", await new MarkdownPlugin().RenderAsync("", Token));
    }

    [Fact]
    public async Task An_outline_has_headings_with_lines_and_counts_links_and_words()
    {
        const string document = "# One *two*\n\nthree [four](http://x) `five`\n\n```\nnot counted\n```\n\n## Six\n";

        DocumentOutline outline = await new MarkdownPlugin().OutlineAsync(document, Token);

        Assert.Equal([new Heading(1, "One two", 1), new Heading(2, "Six", 9)], outline.Headings);
        Assert.Equal(1, outline.Links);
        Assert.Equal(6, outline.Words);
    }

    [Fact]
    public async Task A_cancelled_call_renders_nothing()
    {
        CancellationToken cancelled = new(canceled: true);

        await Assert.ThrowsAsync<TaskCanceledException>(() => new MarkdownPlugin().RenderAsync("# x", cancelled));
    }

    [Fact]
    public async Task Calls_at_once_do_not_disturb_each_other()
    {
        MarkdownPlugin plugin = new();

        string[] rendered = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() => plugin.RenderAsync($"*{i}*", Token))));

        Assert.Equal(Enumerable.Range(0, 64).Select(i => $"<p><em>{i}</em></p>\n"), rendered);
    }
}
