using System.Globalization;
using PluginHost.Cli.Output;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using Samples.Contracts;

namespace PluginHost.Cli.Commands;

/// <summary>Makes the faulty plugin fail in one way after the other, waits for each restart, and calls it again.</summary>
internal sealed class DemoFailures(Session session, PluginRuntime plugins, CallJournal journal)
{
    private const string Id = "samples.faulty";
    private static readonly TimeSpan s_longestRestart = TimeSpan.FromMinutes(2);
    private readonly List<string> _broken = [];

    /// <summary>The ways that did not end as they should: without a fault, or with a plugin that did not answer afterwards.</summary>
    public IReadOnlyList<string> Broken => _broken;

    /// <summary>Fails.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        IFaulty faulty = plugins.Get<IFaulty>(Id);
        await FailAsync("Faulty.Throw", () => faulty.ThrowAsync("thrown for the demo"), restarts: false, cancellationToken).ConfigureAwait(false);
        await FailAsync("Faulty.Sleep", () => faulty.SleepAsync(60_000, cancellationToken), restarts: false, cancellationToken).ConfigureAwait(false);
        await FailAsync("Faulty.Exit", Off(() => faulty.Exit(7)), restarts: true, cancellationToken).ConfigureAwait(false);
        await FailAsync("Faulty.StackOverflow", Off(faulty.StackOverflow), restarts: true, cancellationToken).ConfigureAwait(false);
        await FailAsync("Faulty.FailFast", Off(() => faulty.FailFast("failed fast for the demo")), restarts: true, cancellationToken).ConfigureAwait(false);
        await FailAsync("Faulty.ThreadException", Off(() => faulty.ThreadException("unhandled for the demo")), restarts: true, cancellationToken)
            .ConfigureAwait(false);
    }

    private static Func<Task> Off(Action call) => () => Task.Run(call);

    private async Task FailAsync(string method, Func<Task> call, bool restarts, CancellationToken cancellationToken)
    {
        int generation = Now().Generation;
        Exception? thrown = await journal.NoteFailureAsync(plugins, Id, method, call).ConfigureAwait(false);
        if (thrown is not PluginException fault)
        {
            _broken.Add($"{method} did not fault");
            return;
        }

        session.Step($"  {method}: {Words.Of(fault.Kind)}: {Words.FirstLine(fault.Message, 120)}");
        if (restarts && !await ReturnsAsync(generation, cancellationToken).ConfigureAwait(false))
        {
            _broken.Add($"{Id} did not return after {method}");
            return;
        }

        await AnswerAsync(method, restarts, cancellationToken).ConfigureAwait(false);
    }

    private async Task AnswerAsync(string after, bool restarted, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        IFaulty faulty = plugins.Get<IFaulty>(Id);
        string greeting = $"still here after {after}";
        string echo = await journal.NoteAsync(plugins, Id, "Faulty.Echo", () => Task.Run(() => faulty.Echo(greeting)), text => text).ConfigureAwait(false);
        if (echo != greeting)
        {
            _broken.Add($"{Id} answered wrongly after {after}");
        }
        else if (restarted)
        {
            PluginStatus status = Now();
            session.Step(string.Create(
                CultureInfo.InvariantCulture, $"    back as generation {status.Generation} in worker {status.WorkerPid}; the same object answers again"));
        }
    }

    private async Task<bool> ReturnsAsync(int generation, CancellationToken cancellationToken)
    {
        long started = session.Clock.GetTimestamp();
        while (session.Clock.GetElapsedTime(started) < s_longestRestart)
        {
            PluginStatus status = Now();
            if (status.State is PluginState.Quarantined or PluginState.Refused)
            {
                return false;
            }

            if (status.State == PluginState.Ready && status.Generation > generation)
            {
                return true;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), session.Clock, cancellationToken).ConfigureAwait(false);
        }

        return false;
    }

    private PluginStatus Now() => plugins.Status.First(status => status.Id == Id);
}
