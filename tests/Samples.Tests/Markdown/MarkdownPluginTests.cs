using PluginHost.TestKit;
using Samples.Contracts;
using Samples.Markdown;

namespace Samples.Tests.Markdown;

public sealed class MarkdownPluginTests : IDisposable
{
    private readonly MemoryPluginContext _context = new(Path.GetTempPath());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _context.Dispose();

    [Fact]
    public async Task A_heading_a_table_and_code_become_html()
    {
        MarkdownPlugin plugin = new(_context);

        string html = await plugin.RenderAsync("# Hello\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`x < y`\n", Token);

        Assert.StartsWith("<h1 id=\"hello\">Hello</h1>\n<table>", html, StringComparison.Ordinal);
        Assert.Contains("<td>2</td>", html, StringComparison.Ordinal);
        Assert.EndsWith("<p><code>x &lt; y</code></p>\n", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_document_is_empty_html()
    {
        Assert.Equal("", await new MarkdownPlugin(_context).RenderAsync("", Token));
    }

    [Fact]
    public async Task An_outline_has_headings_with_lines_and_counts_links_and_words()
    {
        const string document = "# One *two*\n\nthree [four](http://x) `five`\n\n```\nnot counted\n```\n\n## Six\n";

        DocumentOutline outline = await new MarkdownPlugin(_context).OutlineAsync(document, Token);

        Assert.Equal([new Heading(1, "One two", 1), new Heading(2, "Six", 9)], outline.Headings);
        Assert.Equal(1, outline.Links);
        Assert.Equal(6, outline.Words);
    }

    [Fact]
    public async Task A_cancelled_call_renders_nothing()
    {
        CancellationToken cancelled = new(canceled: true);

        await Assert.ThrowsAsync<TaskCanceledException>(() => new MarkdownPlugin(_context).RenderAsync("# x", cancelled));
    }

    [Fact]
    public async Task Calls_at_once_do_not_disturb_each_other()
    {
        MarkdownPlugin plugin = new(_context);

        string[] rendered = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() => plugin.RenderAsync($"*{i}*", Token))));

        Assert.Equal(Enumerable.Range(0, 64).Select(i => $"<p><em>{i}</em></p>\n"), rendered);
    }

    [Fact]
    public async Task A_note_is_put_in_through_the_host_service()
    {
        _context.Provide<INotes>(new OneNote("greeting", "# From *a* note"));

        string html = await new MarkdownPlugin(_context).RenderAsync("before\n\n{{note:greeting}}\n\n{{note:none}}\n", Token);

        Assert.Equal("<p>before</p>\n<h1 id=\"from-a-note\">From <em>a</em> note</h1>\n<p><em>There is no note 'none'.</em></p>\n", html);
    }

    [Fact]
    public async Task A_note_that_cannot_be_had_is_named_with_the_reason()
    {
        string html = await new MarkdownPlugin(_context).RenderAsync("{{note:greeting}}", Token);

        Assert.Contains("The note 'greeting' cannot be had: The test provides no Samples.Contracts.INotes.", html, StringComparison.Ordinal);
    }

    private sealed class OneNote(string key, string text) : INotes
    {
        public Task<Note> GetAsync(string asked, CancellationToken cancellationToken) =>
            asked == key ? Task.FromResult(new Note(key, text, DateTimeOffset.UnixEpoch)) : throw new NoteNotFoundException("none", asked);

        public Task PutAsync(string other, string value, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<string>> ListAsync(string? prefix, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task DeleteAsync(string other, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
