using System.Globalization;
using PluginHost.Runtime;
using Samples.Contracts;

namespace PluginHost.Cli.Commands;

/// <summary>
/// What an application does with plugins. It asks for contracts and calls them; nothing here knows or decides in which tier a plugin runs.
/// </summary>
internal sealed class DemoTour(PluginRuntime plugins, CallJournal journal)
{
    /// <summary>How many small sums are asked for, each in a call of its own: enough that one in 1,024 gives several samples.</summary>
    public const int Sums = 10_000;

    private const string MarkdownId = "samples.markdown";
    private const string CalculatorId = "samples.calculator";
    private const string NotesId = "samples.notes";

    /// <summary>Renders a document.</summary>
    public Task<string> RenderAsync(string document, CancellationToken cancellationToken)
    {
        IMarkdown markdown = plugins.Get<IMarkdown>(MarkdownId);
        return journal.NoteAsync(
            plugins,
            MarkdownId,
            "Markdown.Render",
            () => markdown.RenderAsync(document, cancellationToken),
            html => string.Create(CultureInfo.InvariantCulture, $"{document.Length} characters of Markdown, {html.Length} of HTML"));
    }

    /// <summary>Lists a document's headings.</summary>
    public Task<DocumentOutline> OutlineAsync(string document, CancellationToken cancellationToken)
    {
        IMarkdown markdown = plugins.Get<IMarkdown>(MarkdownId);
        return journal.NoteAsync(
            plugins,
            MarkdownId,
            "Markdown.Outline",
            () => markdown.OutlineAsync(document, cancellationToken).AsTask(),
            outline => string.Create(CultureInfo.InvariantCulture, $"{outline.Headings.Length} headings, {outline.Links} links, {outline.Words} words"));
    }

    /// <summary>Sums numbers: a list in one call, and one number after the other in many.</summary>
    /// <returns>Both sums.</returns>
    public async Task<(double List, long OneByOne)> SumAsync(CancellationToken cancellationToken)
    {
        ICalculator calculator = plugins.Get<ICalculator>(CalculatorId);
        double[] values = [.. Enumerable.Range(1, 1000).Select(n => n / 8.0)];
        double list = await journal.NoteAsync(
            plugins,
            CalculatorId,
            "Calculator.Sum",
            () => calculator.SumAsync(values, cancellationToken).AsTask(),
            sum => sum.ToString(CultureInfo.InvariantCulture)).ConfigureAwait(false);
        int oneByOne = await journal.NoteAsync(
            plugins,
            CalculatorId,
            "Calculator.Add",
            async () =>
            {
                int sum = 0;
                for (int number = 1; number <= Sums; number++)
                {
                    sum = await calculator.AddAsync(sum, number, cancellationToken).ConfigureAwait(false);
                }

                return sum;
            },
            sum => sum.ToString(CultureInfo.InvariantCulture),
            count: Sums).ConfigureAwait(false);
        return (list, oneByOne);
    }

    /// <summary>Stores a note, reads it back, lists the keys and asks for one that there is not.</summary>
    /// <returns>The text read back, and what the missing key threw.</returns>
    public async Task<(string Text, Exception? Missing)> KeepNotesAsync(string text, CancellationToken cancellationToken)
    {
        INotes notes = plugins.Get<INotes>(NotesId);
        await journal.NoteAsync(
            plugins,
            NotesId,
            "Notes.Put",
            async () =>
            {
                await notes.PutAsync("demo/first", text, cancellationToken).ConfigureAwait(false);
                await notes.PutAsync("demo/second", "another", cancellationToken).ConfigureAwait(false);
                return true;
            },
            _ => "demo/first, demo/second",
            count: 2).ConfigureAwait(false);
        Note note = await journal.NoteAsync(
            plugins, NotesId, "Notes.Get", () => notes.GetAsync("demo/first", cancellationToken), note => note.Text).ConfigureAwait(false);
        await journal.NoteAsync(
            plugins, NotesId, "Notes.List", () => notes.ListAsync("demo/", cancellationToken), keys => string.Join(", ", keys)).ConfigureAwait(false);
        Exception? missing = await journal.NoteFailureAsync(
            plugins, NotesId, "Notes.Get", () => notes.GetAsync("demo/missing", cancellationToken)).ConfigureAwait(false);
        return (note.Text, missing);
    }
}
