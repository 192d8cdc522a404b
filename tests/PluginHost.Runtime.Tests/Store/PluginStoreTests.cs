using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Runtime.Store;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.Store;

public sealed class PluginStoreTests : IDisposable
{
    private readonly TempFolder _temp = new();
    private readonly StateFolder _state;
    private readonly PluginStore _store;

    public PluginStoreTests()
    {
        _state = StateFolder.Open(_temp["state"]);
        _store = Open();
    }

    public void Dispose()
    {
        _state.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public void A_plugin_is_laid_out_under_its_content_hash_and_shares_no_file_with_its_source()
    {
        var source = Plugin("one");

        var laid = _store.Lay(source).Plugin!;
        File.WriteAllText(Path.Combine(source, "P.dll"), "changed");

        Assert.Equal(Path.Combine(_state.Store, laid.ContentHash), laid.Folder);
        Assert.Equal("code", File.ReadAllText(Path.Combine(laid.Folder, "P.dll")));
        Assert.Equal(["P.dll", "de/P.resources.dll", "plugin.json"], laid.Files.Select(f => f.Path));
        Assert.Equal("my.one", laid.Manifest.Id);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(Path.Combine(laid.Folder, "P.dll")));
    }

    [Fact]
    public void The_content_hash_is_what_the_documentation_says()
    {
        var source = Plugin("one");
        const string Script = """
            find . -type f -printf '%P\n' | LC_ALL=C sort | while IFS= read -r f; do printf '%s %s %s\n' "$(sha256sum < "$f" | cut -d' ' -f1)" "$(stat -c %s "$f")" "$f"; done | sha256sum
            """;
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", Script]) { WorkingDirectory = source, RedirectStandardOutput = true })!;

        Assert.Equal(shell.StandardOutput.ReadToEnd()[..64], _store.Lay(source).Plugin!.ContentHash);
    }

    [Fact]
    public void A_folder_is_taken_in_once_and_anew_only_when_asked()
    {
        var source = Plugin("one");
        var first = _store.Lay(source).Plugin!;
        File.WriteAllText(Path.Combine(source, "P.dll"), "changed");

        Assert.Same(first, _store.Lay(source).Plugin);
        var again = _store.LayAgain(source).Plugin!;

        Assert.NotEqual(first.ContentHash, again.ContentHash);
        Assert.Equal(("code", "changed"), (File.ReadAllText(Path.Combine(first.Folder, "P.dll")), File.ReadAllText(Path.Combine(again.Folder, "P.dll"))));
    }

    [Fact]
    public void Equal_files_of_two_plugins_are_kept_once()
    {
        _store.Lay(Plugin("one"));
        _store.Lay(Plugin("two"));

        // Two manifests, and one each of the assembly and its satellite.
        Assert.Equal(4, Directory.GetFiles(Path.Combine(_state.Store, "blobs")).Length);
    }

    [Fact]
    public void A_damaged_copy_of_an_earlier_host_is_replaced()
    {
        var source = Plugin("one");
        var laid = _store.Lay(source).Plugin!;
        var file = Path.Combine(laid.Folder, "P.dll");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(file, "evil");

        var again = Open().Lay(source).Plugin!;

        Assert.Equal(laid.Folder, again.Folder);
        Assert.Equal("code", File.ReadAllText(file));
    }

    [Fact]
    public void An_extra_file_in_a_copy_of_an_earlier_host_is_not_loaded()
    {
        var source = Plugin("one");
        var laid = _store.Lay(source).Plugin!;
        File.WriteAllText(Path.Combine(laid.Folder, "Extra.dll"), "evil");

        Open().Lay(source);

        Assert.False(File.Exists(Path.Combine(laid.Folder, "Extra.dll")));
    }

    [Fact]
    public void Links_pipes_and_sockets_are_refused_by_name()
    {
        var source = Plugin("one");
        File.CreateSymbolicLink(Path.Combine(source, "passwd"), "/etc/passwd");
        Directory.CreateSymbolicLink(Path.Combine(source, "etc"), "/etc");
        using var pipe = Process.Start("mkfifo", Path.Combine(source, "pipe"));
        pipe.WaitForExit();

        var result = _store.Lay(source);

        Assert.Null(result.Plugin);
        Assert.Equal(
            [
                $"{source}/etc: is a symbolic link to \"/etc\", expected a file or folder. Put the file itself there.",
                $"{source}/passwd: is a symbolic link to \"/etc/passwd\", expected a file or folder. Put the file itself there.",
                $"{source}/pipe: is a named pipe, expected a file or folder. Remove it.",
            ],
            result.Problems.Select(p => p.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Too_many_files_or_bytes_are_refused()
    {
        var source = Plugin("one");

        var many = new PluginStore(_state, NullLogger<PluginStore>.Instance, new StoreLimits(Entries: 3)).Lay(source);
        var large = new PluginStore(_state, NullLogger<PluginStore>.Instance, new StoreLimits(Bytes: 10)).Lay(source);

        Assert.Equal($"{source}: the plugin has more than 3 files and folders, the most that is taken. Remove those it does not need.", many.Problems.Single().ToString());
        Assert.Equal($"{source}: the plugin's files have more than 10B, the most that is taken. Remove those it does not need.", large.Problems.Single().ToString());
    }

    [Fact]
    public void A_bad_manifest_is_reported_at_the_operators_folder()
    {
        var source = Plugin("one");
        File.WriteAllText(Path.Combine(source, "plugin.json"), "[]");

        Assert.Equal($"{source}/plugin.json:1:1: found an array, expected an object: {{ … }}.", _store.Lay(source).Problems.Single().ToString());
    }

    [Fact]
    public void Collecting_removes_what_is_not_kept_and_only_that()
    {
        var one = _store.Lay(Plugin("one")).Plugin!;
        var two = _store.Lay(Plugin("two")).Plugin!;

        var removed = _store.Collect(new HashSet<string> { two.ContentHash });

        Assert.Equal(1, removed);
        Assert.False(Directory.Exists(one.Folder));
        Assert.Equal("code", File.ReadAllText(Path.Combine(two.Folder, "P.dll")));
        Assert.Equal(3, Directory.GetFiles(Path.Combine(_state.Store, "blobs")).Length);
        Assert.True(Directory.Exists(_store.Lay(Plugin("one")).Plugin!.Folder));
    }

    [Fact]
    public async Task Many_threads_get_one_copy()
    {
        var source = Plugin("one");

        var laid = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => _store.LayAgain(source).Plugin!.ContentHash)));

        Assert.Single(laid.Distinct());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_state.Store, "staging")));
    }

    private PluginStore Open() => new(_state, NullLogger<PluginStore>.Instance);

    private string Plugin(string name)
    {
        _temp.Write($"plugins/{name}/P.dll", "code");
        _temp.Write($"plugins/{name}/de/P.resources.dll", "texte");
        _temp.Write($"plugins/{name}/plugin.json", $$"""{ "id": "my.{{name}}", "version": "1.0.0", "entry": "P.dll", "contracts": ["I@1"] }""");
        return _temp["plugins", name];
    }
}
