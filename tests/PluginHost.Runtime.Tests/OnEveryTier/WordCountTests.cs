using System.Diagnostics;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests.OnEveryTier;

/// <summary>What an application sees of a plugin, whatever language that is written in.</summary>
public abstract class WordCountTests : IAsyncLifetime
{
    private SampleHost _host = null!;

    /// <summary>The sample.</summary>
    protected abstract string Id { get; }

    /// <summary>The program that runs it; null where the host brings that.</summary>
    protected virtual string? Program => null;

    /// <summary>What it says in plugin.json of its channel; null for nothing.</summary>
    protected virtual string? Channel => null;

    private IWordCount Plugin => _host.Runtime.Get<IWordCount>(Id);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (Program is { } program)
        {
            Languages.Need(program);
        }

        _host = await SampleHost.StartAsync(
            PluginTier.Process,
            callTimeout: TimeSpan.FromSeconds(60),
            change: json =>
            {
                if (Channel is { } channel)
                {
                    json["channel"] = channel;
                }
            },
            ids: [Id]);
        Assert.Equal(PluginState.Ready, _host.Status(Id).State);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task The_most_frequent_words_come_first_and_equal_ones_in_the_order_of_the_text()
    {
        WordCounts counts = await Plugin.CountAsync("b a c\ta\nb\r\nd a", 3, Token);

        Assert.Equal((7, 3, 14), (counts.Words, counts.Lines, counts.Characters));
        Assert.Equal([new("a", 3), new("b", 2), new("c", 1)], counts.Frequent);
    }

    [Theory]
    [InlineData("", 0, 0, 0)]
    [InlineData("\n", 0, 1, 1)]
    [InlineData("a\nb", 2, 2, 3)]
    [InlineData("a\nb\n", 2, 2, 4)]
    [InlineData("é 中文 😀 \u0000 \"\\\u2028", 5, 1, 12)]
    public async Task Counts_are_the_same_in_every_language(string text, int words, int lines, int characters)
    {
        WordCounts counts = await Plugin.CountAsync(text, 10, Token);

        Assert.Equal((words, lines, characters), (counts.Words, counts.Lines, counts.Characters));
    }

    [Fact]
    public async Task Words_come_back_as_they_were()
    {
        string[] words = ["é", "中文", "😀", "\"", "\\", "\u0001", "\u2028", "\u00A0", "a'b"];

        WordCounts counts = await Plugin.CountAsync(string.Join(' ', words), 100, Token);

        Assert.Equal(words, counts.Frequent.Select(f => f.Word));
    }

    [Fact]
    public async Task A_text_of_a_mebibyte_goes_there_and_its_longest_word_comes_back()
    {
        string word = new('é', 512 * 1024);

        WordCounts counts = await Plugin.CountAsync($"a {word}", 2, Token);

        Assert.Equal(2, counts.Words);
        Assert.Equal(word, counts.Frequent[1].Word);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1001)]
    public async Task A_declared_error_is_the_contracts_own_exception_with_its_members(int top)
    {
        InvalidTopException error = await Assert.ThrowsAsync<InvalidTopException>(() => Plugin.CountAsync("a", top, Token));

        Assert.Equal(top, error.Top);
        Assert.Equal($"{top} words cannot be named; ask for 0 to 1000.", error.Message);
        Assert.Empty(_host.Runtime.Faults);
    }

    [Fact]
    public async Task A_cancelled_call_ends_at_once_and_is_stopped_in_the_plugin()
    {
        using CancellationTokenSource cancelled = new();
        Task call = Plugin.WaitAsync(60_000, cancelled.Token);

        await UntilAsync(waits => waits.Started == 1);

        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await UntilAsync(waits => waits.Stopped == 1);
        Assert.Empty(_host.Runtime.Faults);
    }

    [Fact]
    public async Task Calls_overlap()
    {
        using CancellationTokenSource ended = new();
        Task[] waits = [.. Enumerable.Range(0, 32).Select(_ => Plugin.WaitAsync(60_000, ended.Token))];

        WordCounts[] counts = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Plugin.CountAsync($"{i} {i}", 1, Token)));

        Assert.All(counts.Index(), c => Assert.Equal(new($"{c.Index}", 2), c.Item.Frequent[0]));
        Assert.All(waits, wait => Assert.False(wait.IsCompleted));

        // Else the plugin's stop waits for them.
        await ended.CancelAsync();
        await Task.WhenAll(waits.Select(wait => Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait)));
    }

    [Fact]
    public async Task A_death_in_the_middle_of_a_call_is_one_fault_and_the_next_generation_answers()
    {
        Task wait = Plugin.WaitAsync(60_000, Token);
        await UntilAsync(waits => waits.Started == 1);

        using (Process worker = Process.GetProcessById(_host.Status(Id).WorkerPid!.Value))
        {
            worker.Kill();
        }

        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => wait);
        Assert.Equal((FaultKind.Signal, "SIGKILL"), (fault.Kind, fault.Cause.Signal));
        Assert.Equal(1, (await Plugin.CountAsync("back", 1, Token)).Words);
        Assert.Equal(2, _host.Status(Id).Generation);
        FaultRecord record = Assert.Single(_host.Runtime.Faults);
        Assert.Equal(FaultKind.Signal, record.Kind);
    }

    [Fact]
    public async Task A_stop_ends_the_process()
    {
        int pid = _host.Status(Id).WorkerPid!.Value;
        Task wait = Plugin.WaitAsync(50, Token);
        await UntilAsync(waits => waits.Started == 1);

        await _host.Runtime.StopAsync(Id);

        await wait;
        Assert.False(ProcessLife.IsAlive(pid));
        Assert.Equal(PluginState.Stopped, _host.Status(Id).State);
        Assert.Empty(_host.Runtime.Faults);
    }

    private async Task UntilAsync(Func<WaitCounts, bool> condition)
    {
        Stopwatch waited = Stopwatch.StartNew();
        WaitCounts waits = await Plugin.WaitsAsync();
        while (!condition(waits))
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), $"Still {waits} after {waited.Elapsed}.");
            waits = await Plugin.WaitsAsync();
        }
    }

    public sealed class InDotnet : WordCountTests
    {
        protected override string Id => "samples.wordcount-dotnet";
    }

    public sealed class InNode : WordCountTests
    {
        protected override string Id => "samples.wordcount";

        protected override string Program => "node";
    }

    public sealed class InNodeOnADescriptor : WordCountTests
    {
        protected override string Id => "samples.wordcount";

        protected override string Program => "node";

        protected override string Channel => "descriptor";
    }

    public sealed class InPython : WordCountTests
    {
        protected override string Id => "samples.wordcount-python";

        protected override string Program => "python3";
    }

    public sealed class InPythonOnADescriptor : WordCountTests
    {
        protected override string Id => "samples.wordcount-python";

        protected override string Program => "python3";

        protected override string Channel => "descriptor";
    }
}
