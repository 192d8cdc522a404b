using System.Diagnostics;
using System.Globalization;
using PluginHost.Runtime.Store;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.Store;

public sealed class StateFolderTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void It_and_the_data_folders_are_for_this_user_alone()
    {
        using var state = StateFolder.Open(_temp["a/state"]);

        Assert.Equal(Private, File.GetUnixFileMode(state.Path));
        Assert.Equal(Private, File.GetUnixFileMode(state.DataFolder("my.plugin")));
        Assert.Throws<ArgumentException>(() => state.DataFolder("../x"));
    }

    [Fact]
    public void A_second_host_is_told_the_first_ones_process_and_may_take_the_next_folder()
    {
        using var first = StateFolder.Open(_temp["state"]);

        var error = Assert.Throws<StateFolderException>(() => StateFolder.Open(_temp["state"]));
        using var second = StateFolder.OpenFirstFree(_temp["state"]);

        Assert.True(error.Locked);
        Assert.Contains($"process {Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.", error.Message, StringComparison.Ordinal);
        Assert.Equal(_temp["state-2"], second.Path);
    }

    [Fact]
    public void It_is_free_again_when_its_host_lets_go()
    {
        StateFolder.Open(_temp["state"]).Dispose();

        using var again = StateFolder.OpenFirstFree(_temp["state"]);

        Assert.Equal(_temp["state"], again.Path);
    }

    [Fact]
    public void The_lock_works_across_processes_and_dies_with_its_owner()
    {
        StateFolder.Open(_temp["state"]).Dispose();
        using var other = Process.Start(new ProcessStartInfo("flock", ["--close", _temp["state", "lock"], "sh", "-c", "echo held; exec cat"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Assert.Equal("held", other.StandardOutput.ReadLine());

        Assert.True(Assert.Throws<StateFolderException>(() => StateFolder.Open(_temp["state"])).Locked);
        other.Kill(entireProcessTree: true);
        other.WaitForExit();

        using var free = StateFolder.Open(_temp["state"]);
    }

    [Fact]
    public void A_folder_that_every_user_can_write_is_refused()
    {
        File.SetUnixFileMode(_temp.Folder("state"), Private | UnixFileMode.OtherWrite);

        var error = Assert.Throws<StateFolderException>(() => StateFolder.Open(_temp["state"]));

        Assert.Equal($"The state folder is not private: '{_temp["state"]}' can be written by every user (mode 0702). Run: chmod o-w '{_temp["state"]}'", error.Message);
    }

    [Fact]
    public void A_folder_in_the_plugins_directory_is_refused() =>
        Assert.Contains("lies in the plugins directory", Assert.Throws<StateFolderException>(() => StateFolder.Open(_temp["plugins/state"], _temp["plugins"])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_in_its_place_is_one_clear_error() =>
        Assert.Contains("cannot be used", Assert.Throws<StateFolderException>(() => StateFolder.Open(_temp.Write("state", ""))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("/state", "/home/ann", "/state/pluginhost/my-plugins-")]
    [InlineData("relative", "/home/ann", "/home/ann/.local/state/pluginhost/my-plugins-")]
    [InlineData(null, "/home/ann", "/home/ann/.local/state/pluginhost/my-plugins-")]
    public void The_usual_place_is_the_users_state_home(string? stateHome, string home, string start)
    {
        var path = StateFolder.DefaultFor("/srv/my-plugins/", stateHome, home);

        Assert.StartsWith(start, path, StringComparison.Ordinal);
        Assert.NotEqual(path, StateFolder.DefaultFor("/opt/my-plugins", stateHome, home));
    }
}
