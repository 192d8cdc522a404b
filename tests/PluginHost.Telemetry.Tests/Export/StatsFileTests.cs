using PluginHost.Telemetry.Export;
using PluginHost.Telemetry.Recording;
using PluginHost.Telemetry.Tests.Recording;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Telemetry.Tests.Export;

public sealed class StatsFileTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly ListLogger _logger = new();

    private string Path => _folder["stats.json"];

    [Fact]
    public void What_was_written_last_reads_back_with_its_age()
    {
        StatsFile file = new(Path, _logger);
        StatsSnapshot snapshot = StatsSnapshotTests.Example();
        Assert.True(file.Write(snapshot with { WindowSeconds = 1 }));
        Assert.True(file.Write(snapshot));
        _clock.Advance(TimeSpan.FromSeconds(90));

        StatsReading reading = StatsFile.Read(Path, _clock);

        Assert.Null(reading.Problem);
        Assert.Equal(30, reading.Snapshot!.WindowSeconds);
        Assert.Equal(TimeSpan.FromSeconds(60), reading.Age);
        Assert.Equal([Path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_file_that_is_not_there_is_a_problem_with_a_remedy()
    {
        Assert.Contains("is not there", StatsFile.Read(Path, _clock).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cut_at_any_byte_is_a_problem_and_never_a_crash()
    {
        byte[] whole = StatsSnapshotTests.Write(StatsSnapshotTests.Example());
        for (int cut = 0; cut < whole.Length; cut++)
        {
            File.WriteAllBytes(Path, whole[..cut]);

            Assert.Contains("holds no figures", StatsFile.Read(Path, _clock).Problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_disk_that_fails_is_logged_once_and_counted()
    {
        StatsFile file = new(_folder["nothing/stats.json"], _logger);

        Assert.False(file.Write(StatsSnapshotTests.Example()));
        Assert.False(file.Write(StatsSnapshotTests.Example()));

        Assert.Equal(2, file.WriteFailures);
        Assert.Equal(10101, Assert.Single(_logger.Events).Id.Id);
    }

    public void Dispose() => _folder.Dispose();
}
