using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests;

/// <summary>What is kept of demotions over hosts: on a real disk, under a virtual clock.</summary>
public sealed class DemotionsTests : IDisposable
{
    private static readonly DemotionOptions s_two = new() { HostDeaths = 2 };
    private readonly TempFolder _folder = new();
    private readonly ListLogger _log = new();
    private readonly ManualTimeProvider _clock = new();

    private string File => _folder["demotions.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_demotion_outlives_its_host_until_somebody_forgets_it()
    {
        Demotion? made = Open().Add("my.plugin", Death("host 1 died in A.B"));

        Demotion? kept = Open().Of("MY.plugin");
        Open().Forget("my.plugin");

        Assert.Equal(new Demotion(PluginTier.Process, "host 1 died in A.B", _clock.GetUtcNow()), made);
        Assert.Equal(made, kept);
        Assert.Null(Open().Of("my.plugin"));
        Assert.Empty(_log.Events);
    }

    [Fact]
    public void Deaths_of_several_hosts_add_up_over_the_hosts_and_one_that_is_told_twice_does_not()
    {
        Assert.Null(Open(s_two).Add("my.plugin", Death("one") with { Key = "1-1" }));
        Assert.Null(Open(s_two).Add("my.plugin", Death("one") with { Key = "1-1" }));
        _clock.Advance(TimeSpan.FromHours(23));

        Assert.Equal("2 hosts died in it within 1.00:00:00, the last time: two", Open(s_two).Add("my.plugin", Death("two") with { Key = "2-1" })!.Because);
        Assert.Null(Open(s_two).Of("other.plugin"));
    }

    [Fact]
    public void What_no_plugin_can_be_called_is_not_kept()
    {
        Assert.Null(Open().Add("no id/..", Death("one")));
        Assert.False(System.IO.File.Exists(File));
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("{", "the file ends in the middle of a value")]
    [InlineData("[]", "expected an object")]
    [InlineData("""{ "plugins": { "a": { "demotion": { "tier": "inProcess", "at": "2026-01-01T00:00:00+00:00", "because": "x" } } } }""", "found \"inProcess\", expected \"process\" or \"sandbox\"")]
    [InlineData("""{ "plugins": { "a": { "demotion": { "tier": "process", "at": "yesterday", "because": "x" } } } }""", "found \"yesterday\", expected a time")]
    [InlineData("""{ "plugins": { "a": { "demotion": { "tier": "process", "at": "2026-01-01T00:00:00+00:00" } } } }""", "because: is missing")]
    [InlineData("""{ "plugins": { "a": { "incidents": [ { "kind": "death", "at": "2026-01-01T00:00:00+00:00", "what": "x" } ] } } }""", "found \"death\", expected \"hostDeath\"")]
    [InlineData("""{ "plugins": { "../a": {} } }""", "expected a plugin's id")]
    [InlineData("""{ "plugin": {} }""", "\"plugin\" is not a known member. Did you mean \"plugins\"?")]
    public void Bad_content_gets_one_error_is_kept_aside_and_nothing_is_taken_for_granted(string content, string said)
    {
        _folder.Write("demotions.json", content);

        Demotions demotions = Open();

        LoggedEvent error = Assert.Single(_log.Events);
        Assert.Equal(LogLevel.Error, error.Level);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.Contains(File, error.Message, StringComparison.Ordinal);
        string aside = Assert.Single(Directory.GetFiles(_folder.Path, "demotions.json.bad-*"));
        Assert.Equal(content, System.IO.File.ReadAllText(aside));
        Assert.Contains(aside, demotions.Of("my.plugin")!.Because, StringComparison.Ordinal);
        Assert.Equal(PluginTier.Process, demotions.Of("my.plugin")!.Tier);
    }

    [Fact]
    public void What_cannot_be_read_is_not_lost_where_nothing_can_be_written_in_its_place()
    {
        _folder.Write("demotions.json", "lost");
        _folder.Folder("demotions.json.new");

        Open();
        Directory.Delete(_folder["demotions.json.new"]);
        Demotions next = Open();

        Assert.NotNull(next.Of("my.plugin"));
        Assert.Contains(_log.Messages(LogLevel.Error), m => m.Contains("cannot be written", StringComparison.Ordinal));
    }

    [Fact]
    public void After_a_loss_each_plugin_stays_demoted_over_hosts_until_it_is_forgotten_itself()
    {
        _folder.Write("demotions.json", "lost");
        Open().Forget("my.plugin");

        Demotions next = Open();

        Assert.Null(next.Of("my.plugin"));
        Assert.NotNull(next.Of("other.plugin"));
        Assert.Single(_log.Events);
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_told_of_and_counts_for_this_hosts_life()
    {
        Demotions demotions = Open(path: _folder["missing", "demotions.json"]);

        demotions.Add("my.plugin", Death("one"));

        Assert.NotNull(demotions.Of("my.plugin"));
        Assert.Contains("cannot be written", Assert.Single(_log.Messages(LogLevel.Error)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_replaced_whole_and_is_its_users_alone()
    {
        _folder.Write("demotions.json.new", "what a host left that died while it wrote");
        Open().Add("my.plugin", Death("one"));

        Assert.Equal([File], Directory.GetFiles(_folder.Path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [Fact]
    public void More_is_kept_than_a_manifest_may_hold()
    {
        Demotions demotions = Open();
        for (int i = 0; i < 100; i++)
        {
            demotions.Add($"plugin.{i}", Death(new string('w', 3000)));
        }

        Assert.NotNull(Open().Of("plugin.99"));
        Assert.Empty(_log.Events);
    }

    private Demotions Open(DemotionOptions? options = null, string? path = null) => new(path ?? File, options ?? new DemotionOptions(), _clock, _log);

    private Incident Death(string what) => new(IncidentKind.HostDeath, _clock.GetUtcNow(), what);
}
