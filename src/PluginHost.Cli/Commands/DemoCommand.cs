using System.Globalization;
using System.Reflection;
using PluginHost.Cli.Output;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using Samples.Contracts;

namespace PluginHost.Cli.Commands;

/// <summary>
/// <c>demo</c>: the same application code against two runtimes over the same plugins. The first policy lets two of them into the application's
/// process, the second keeps all of them in child processes; one contract is called in three languages; then one plugin fails in six ways.
/// </summary>
internal static class DemoCommand
{
    private const string Markdown = "samples.markdown";
    private const string Calculator = "samples.calculator";
    private static readonly string[] s_all = [Markdown, Calculator, "samples.notes", "samples.faulty", .. DemoLanguages.Ids];

    /// <summary>Shows all of it.</summary>
    /// <returns>Failed where something did not go as promised.</returns>
    public static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("pluginhost-demo-");
        try
        {
            DemoDocument document = await PlayAsync(session, scratch.FullName, cancellationToken).ConfigureAwait(false);
            Show(session.Screen, document);
            return document.Checks.All(check => check.Ok) ? ExitCode.Done : ExitCode.Failed;
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static async Task<DemoDocument> PlayAsync(Session session, string scratch, CancellationToken cancellationToken)
    {
        string capped = Path.Combine(scratch, "pluginhost.json");
        DemoPolicy.WriteCapped(session.Settings.Policy, capped, Markdown, Calculator);
        PluginRuntimeOptions near = session.Options with { Only = [Markdown, Calculator], StateFolder = Path.Combine(scratch, "near") };
        PluginRuntimeOptions far = session.Options with { Only = s_all, StateFolder = Path.Combine(scratch, "far"), PolicyFile = capped };
        CallJournal journal = new();
        Played nearby = await UseAsync(session, near, journal, "the shipped policy", fail: false, cancellationToken).ConfigureAwait(false);
        Played afar = await UseAsync(session, far, journal, "a policy that caps two plugins at standard trust", fail: true, cancellationToken)
            .ConfigureAwait(false);
        return Document(journal, nearby, afar);
    }

    // The application's side of the demo: one method for both runtimes, and nothing in it depends on a tier.
    private static async Task<Played> UseAsync(
        Session session, PluginRuntimeOptions options, CallJournal journal, string policy, bool fail, CancellationToken cancellationToken)
    {
        PluginRuntime plugins = await PluginRuntime.StartAsync(options, cancellationToken).ConfigureAwait(false);
        await using (plugins.ConfigureAwait(false))
        {
            session.Step($"Started under {policy}: {string.Join(", ", plugins.Status.Select(s => $"{s.Id} ({Words.Of(s.Tier)})"))}");
            DemoTour tour = new(plugins, journal);
            string readme = Readme();
            string html = await tour.RenderAsync(readme, cancellationToken).ConfigureAwait(false);
            DocumentOutline outline = await tour.OutlineAsync(readme, cancellationToken).ConfigureAwait(false);
            (double list, long oneByOne) = await tour.SumAsync(cancellationToken).ConfigureAwait(false);
            session.Step(string.Create(
                CultureInfo.InvariantCulture,
                $"  rendered README.md ({html.Length} characters of HTML, {outline.Headings.Length} headings), summed {DemoTour.Sums} numbers one by one"));
            (string, Exception?) notes = ("", null);
            IReadOnlyList<string> broken = [];
            DemoLanguages languages = new(session, plugins, journal);
            if (fail)
            {
                notes = await tour.KeepNotesAsync("kept in a file of the plugin's own", cancellationToken).ConfigureAwait(false);
                session.Step("  stored, read and listed notes; a missing note is a declared error of the contract");
                session.Step("The same contract in three languages, called by the same line:");
                await languages.RunAsync(readme, cancellationToken).ConfigureAwait(false);
                DemoFailures failures = new(session, plugins, journal);
                await failures.RunAsync(cancellationToken).ConfigureAwait(false);
                broken = failures.Broken;
            }

            return new Played(html, outline, list, oneByOne, notes, broken, languages, plugins);
        }
    }

    private static string Readme()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("README.md")!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    private static DemoDocument Document(CallJournal journal, Played near, Played far)
    {
        FaultLine[] faults = [.. near.Faults.Concat(far.Faults)];
        RestartLine[] restarts = [.. near.Restarts.Concat(far.Restarts)];
        FaultKind[] kinds = [.. faults.Where(f => f.Tier == PluginTier.Process).Select(f => f.Kind).Distinct()];
        PluginTier?[] tiers = [.. near.Plugins.Concat(far.Plugins).Where(p => p.Id == Markdown).Select(p => p.Tier).Distinct()];
        CheckLine[] checks =
        [
            new("tiers", tiers.Length == 2, $"{Markdown} ran in: {string.Join(", ", tiers.Select(Words.Of))}"),
            new("equal", near.Html == far.Html && near.SameFigures(far), "the same calls gave the same results in both tiers"),
            new("notes", far.Notes is { Text: "kept in a file of the plugin's own", Missing: NoteNotFoundException }, "a note came back; a missing one is NoteNotFoundException"),
            new("languages", far.Languages.AreEqual, far.Languages.Told),
            new("faults", kinds.Length >= 4, $"kinds of fault in child processes: {string.Join(", ", kinds.Select(Words.Of))}"),
            new("restarts", restarts.Length >= 3, string.Create(CultureInfo.InvariantCulture, $"{restarts.Length} restarts")),
            new("answers", far.Broken.Count == 0, far.Broken.Count == 0 ? "the plugin answered after every failure" : string.Join("; ", far.Broken)),
        ];
        return new DemoDocument(
            [.. near.Plugins, .. far.Plugins], journal.Lines, faults, restarts, [.. near.Tiers.Concat(far.Tiers).OrderBy(t => t.Tier)], checks);
    }

    private static void Show(Screen screen, DemoDocument document)
    {
        if (screen.IsJson)
        {
            screen.Document(document, ToolJson.Plain.DemoDocument);
            return;
        }

        screen.People.Write(Tables.Plugins(document.Plugins));
        screen.People.Write(Tables.Calls(document.Calls));
        screen.People.Write(Tables.Faults(document.Faults));
        screen.People.Write(Tables.Restarts(document.Restarts));
        screen.People.Write(Tables.Tiers(document.Tiers));
        foreach (CheckLine check in document.Checks)
        {
            screen.Line($"{(check.Ok ? "ok    " : "FAILED")} {check.Name}: {check.Detail}");
        }
    }

    /// <summary>What one runtime gave, read before it was disposed.</summary>
    private sealed class Played(
        string html, DocumentOutline outline, double list, long oneByOne, (string Text, Exception? Missing) notes, IReadOnlyList<string> broken, DemoLanguages languages, PluginRuntime plugins)
    {
        public string Html { get; } = html;

        public (string Text, Exception? Missing) Notes { get; } = notes;

        public IReadOnlyList<string> Broken { get; } = broken;

        public DemoLanguages Languages { get; } = languages;

        public IReadOnlyList<PluginLine> Plugins { get; } = [.. plugins.Status.Select(PluginLine.Of)];

        public IReadOnlyList<FaultLine> Faults { get; } = [.. plugins.Faults.Select(FaultLine.Of)];

        public IReadOnlyList<RestartLine> Restarts { get; } = [.. plugins.Restarts.Select(RestartLine.Of)];

        public IReadOnlyList<TierLine> Tiers { get; } = [.. plugins.Stats.Tiers.Where(t => t.Calls > 0 || t.Faults > 0).Select(TierLine.Of)];

        private (double, long, string) Figures => (list, oneByOne, string.Join('\n', outline.Headings));

        public bool SameFigures(Played other) => Figures == other.Figures;
    }
}
