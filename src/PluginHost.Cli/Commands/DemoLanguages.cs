using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using Samples.Contracts;

namespace PluginHost.Cli.Commands;

/// <summary>Makes the same call to the same contract in three languages, and compares what comes back. A language that is missing here is left out.</summary>
internal sealed class DemoLanguages(Session session, PluginRuntime plugins, CallJournal journal)
{
    /// <summary>The plugins: one contract, three languages.</summary>
    public static readonly string[] Ids = ["samples.wordcount-dotnet", "samples.wordcount", "samples.wordcount-python"];

    private const int Top = 3;
    private readonly List<string> _told = [];
    private readonly List<WordCounts> _counts = [];
    private bool _isBroken;

    /// <summary>Whether every language that is there gave the same.</summary>
    public bool AreEqual => !_isBroken && _counts.Count > 0 && _counts.All(Same);

    /// <summary>What each gave, in words.</summary>
    public string Told => string.Join("; ", _told);

    /// <summary>Counts a text's words.</summary>
    public async Task RunAsync(string text, CancellationToken cancellationToken)
    {
        foreach (string id in Ids)
        {
            if (plugins.Status.First(status => status.Id == id).Unavailable is { } reason)
            {
                Tell(reason);
                continue;
            }

            try
            {
                await CountAsync(id, text, cancellationToken).ConfigureAwait(false);
            }
            catch (PluginException e)
            {
                _isBroken = true;
                Tell($"{id}: {e.Message}");
            }
        }
    }

    private async Task CountAsync(string id, string text, CancellationToken cancellationToken)
    {
        // The same line for every language, as for every tier.
        IWordCount wordCount = plugins.Get<IWordCount>(id);
        WordCounts counts = await journal.NoteAsync(
            plugins, id, "WordCount.Count", () => wordCount.CountAsync(text, Top, cancellationToken), Describe).ConfigureAwait(false);
        Exception? thrown = await journal.NoteFailureAsync(
            plugins, id, "WordCount.Count", () => wordCount.CountAsync(text, -1, cancellationToken)).ConfigureAwait(false);
        _counts.Add(counts);
        _isBroken |= thrown is not InvalidTopException { Top: -1 };
        Tell($"{id}: {Describe(counts)}");
    }

    private void Tell(string what)
    {
        _told.Add(what);
        session.Step($"  {what}");
    }

    private bool Same(WordCounts counts) =>
        counts with { Frequent = _counts[0].Frequent } == _counts[0] && counts.Frequent.SequenceEqual(_counts[0].Frequent);

    private static string Describe(WordCounts counts) => string.Create(
        CultureInfo.InvariantCulture,
        $"{counts.Words} words, {counts.Lines} lines, {counts.Characters} characters; {string.Join(", ", counts.Frequent.Select(f => $"'{f.Word}' {f.Count}"))}");
}
