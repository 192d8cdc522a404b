using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Control;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Trust;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests;

/// <summary>A person's word over the control socket: a real host, a real socket.</summary>
public sealed class ResetTests : IDisposable
{
    private const string Id = "samples.calculator";
    private const string Kept = """{ "plugins": { "samples.calculator": { "demotion": { "tier": "process", "at": "2026-01-01T00:00:00+00:00", "because": "host 1 died in Calculator.Add" }, "incidents": [] } } }""";
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_tool_brings_a_demoted_plugin_of_a_running_host_back_and_it_stays_back()
    {
        Lay(Kept);
        await using (PluginRuntime runtime = await StartAsync())
        {
            ICalculator calculator = runtime.Get<ICalculator>(Id);
            int before = calculator.Add(1, 2);
            (PluginTier? tier, string? demotion) = (runtime.Status[0].Tier, runtime.Status[0].Demotion);

            bool isDone = await HostAttachment.ResetAsync(runtime.StateFolder, Id, Cancelled);

            Assert.Equal((PluginTier.Process, 3), (tier, before));
            Assert.Equal("Demoted from inProcess to process because host 1 died in Calculator.Add. It stays there until somebody resets it (pluginhost reset samples.calculator).", demotion);
            Assert.True(isDone);
            Assert.Equal((PluginTier.InProcess, PluginState.Ready, 2, null), (runtime.Status[0].Tier, runtime.Status[0].State, runtime.Status[0].Generation, runtime.Status[0].Demotion));
            Assert.DoesNotContain(runtime.Status[0].Reasons, r => r.Contains("Demoted", StringComparison.Ordinal));
            Assert.Equal(7, calculator.Add(3, 4));
        }

        await using PluginRuntime next = await StartAsync();
        Assert.Equal((PluginTier.InProcess, null), (next.Status[0].Tier, next.Status[0].Demotion));
    }

    [Fact]
    public async Task What_a_host_cannot_reset_is_told_to_the_one_who_asked()
    {
        Lay(null);
        await using PluginRuntime runtime = await StartAsync();

        IOException unknown = await Assert.ThrowsAsync<IOException>(() => HostAttachment.ResetAsync(runtime.StateFolder, "no.such", Cancelled));
        await Assert.ThrowsAsync<ArgumentException>(() => HostAttachment.ResetAsync(runtime.StateFolder, "two words\nsnapshot", Cancelled));

        Assert.Contains("No plugin 'no.such'", unknown.Message, StringComparison.Ordinal);
        Assert.NotNull(await HostAttachment.AskAsync(runtime.StateFolder, Cancelled));
    }

    [Fact]
    public async Task Where_no_host_listens_nothing_is_reset() => Assert.False(await HostAttachment.ResetAsync(_folder.Folder("nobody"), Id, Cancelled));

    [Fact]
    public async Task A_host_over_a_damaged_record_runs_out_of_process_what_the_policy_lets_it_move()
    {
        Lay("{ \"plugins\": ");
        ListLogger log = new();

        await using PluginRuntime runtime = await StartAsync(log);

        Assert.Equal((PluginTier.Process, PluginState.Ready), (runtime.Status[0].Tier, runtime.Status[0].State));
        Assert.Contains("was damaged", runtime.Status[0].Demotion, StringComparison.Ordinal);
        Assert.Single(log.Messages(), m => m.StartsWith("The record of demotions cannot be read", StringComparison.Ordinal));
    }

    private void Lay(string? record)
    {
        _folder.CopyOf(Path.Combine(SampleHost.Layout, Id), Path.Combine("plugins", Id));
        if (record is not null)
        {
            Directory.CreateDirectory(_folder["state"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            _folder.Write("state/demotions.json", record);
        }
    }

    private Task<PluginRuntime> StartAsync(ListLogger? log = null) => PluginRuntime.StartAsync(
        new PluginRuntimeOptions
        {
            Directory = _folder["plugins"],
            StateFolder = _folder["state"],
            ContractAssemblies = [typeof(ICalculator).Assembly],
            LoggerFactory = log ?? new ListLogger(),
            Policy = new PluginPolicy
            {
                Development = _folder["plugins"],
                Plugins = new Dictionary<string, PluginOverrides> { [Id] = new() { Demotion = true } },
            },
        },
        Cancelled);
}
