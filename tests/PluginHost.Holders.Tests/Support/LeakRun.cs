using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Runtime;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Tiers;
using PluginHost.TestKit;

namespace PluginHost.Holders.Tests.Support;

/// <summary>Every kind of the matrix, each in a context of its own, and one dump for all that stayed: what each row's test looks at.</summary>
public sealed partial class LeakRun : IAsyncLifetime
{
    private readonly Dictionary<string, UnloadOutcome> _outcomes = [];
    private readonly Dictionary<string, IReadOnlyList<string>> _holders = [];
    private readonly TempFolder _folder = new();
    private LeakyHost? _host;

    /// <summary>What became of a kind, after forced collections.</summary>
    internal UnloadOutcome OutcomeOf(string kind) => _outcomes[kind];

    /// <summary>What a person reads of a kind that stayed.</summary>
    internal IReadOnlyList<string> HoldersOf(string kind) => _holders.GetValueOrDefault(kind, []);

    /// <summary>A line without the way at its end, and with N for the number of a thread.</summary>
    internal static string Stable(string line) => Numbers().Replace(line[..(line.LastIndexOf(" [", StringComparison.Ordinal) is > 0 and int at ? at : line.Length)], "thread N");

    public async ValueTask InitializeAsync()
    {
        List<HolderQuestion> questions = [];
        _host = new LeakyHost((question, _) =>
        {
            lock (questions)
            {
                questions.Add(question);
            }

            return Task.FromResult<IReadOnlyList<string>>([]);
        });
        List<(string Kind, InProcessInstance Instance)> all = [];
        foreach (LeakKind row in LeakTable.Rows)
        {
            all.Add((row.Kind, await _host.RunAsync(row.Kind)));
        }

        await LeakyHost.BlockedAsync();
        (string Kind, UnloadResult Result)[] results = await Task.WhenAll(all.Select(async one => (one.Kind, await one.Instance.ProveUnloadAsync(force: true))));
        foreach ((string kind, UnloadResult result) in results)
        {
            _outcomes.Add(kind, result.Outcome);
        }

        HolderSearch search = new(_folder["dumps"], new HolderOptions { Patience = TimeSpan.FromMinutes(2) }, TimeProvider.System, NullLogger.Instance);
        IReadOnlyList<IReadOnlyList<string>> lines = await search.NameAsync([.. questions.Select(q => q.Unloading)], CancellationToken.None);
        for (int i = 0; i < questions.Count; i++)
        {
            _holders.Add(LeakTable.Rows[questions[i].Generation - 1].Kind, lines[i]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_host?.DisposeAsync() ?? default);
        _folder.Dispose();
    }

    [GeneratedRegex(@"thread \d+")]
    private static partial Regex Numbers();
}
