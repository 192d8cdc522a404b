using System.Net.Sockets;
using PluginHost.Faults.Tests.Support;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Trust;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Faults.Tests;

/// <summary>What a host finds, or does not, in the folder that is its own: the only path at which others could wait for it.</summary>
public sealed class StateFolderFaultTests : IDisposable
{
    private const string Plugin = "samples.faulty";
    private const string Socket = "control.sock";
    private readonly TempFolder _folder = new();

    public StateFolderFaultTests() => _folder.CopyOf(Path.Combine(Place.Plugins, Plugin), Path.Combine("plugins", Plugin));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("file")]
    [InlineData("socket")]
    [InlineData("link")]
    public async Task What_lies_in_the_place_of_the_socket_does_not_keep_the_host_from_serving(string what)
    {
        string state = PrivateFolder("state");
        string place = Path.Combine(state, Socket);
        using Socket squatter = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        switch (what)
        {
            case "file":
                await File.WriteAllTextAsync(place, "stale", TestContext.Current.CancellationToken);
                break;
            case "link":
                File.CreateSymbolicLink(place, _folder.Write("target", "somebody else's"));
                break;
            default:
                squatter.Bind(new UnixDomainSocketEndPoint(place));
                squatter.Listen();
                break;
        }

        await AssertServesAsync(state);
        if (what == "link")
        {
            Assert.Equal("somebody else's", await File.ReadAllTextAsync(_folder["target"], TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public Task A_state_folder_with_a_path_longer_than_a_sockets_may_be_serves() =>
        AssertServesAsync(PrivateFolder(Path.Combine(new string('a', 100), new string('b', 100))));

    [Theory]
    [InlineData("faults.jsonl")]
    [InlineData("window.json")]
    public async Task A_full_disk_costs_the_notes_and_not_the_calls(string file)
    {
        string state = PrivateFolder("state");
        File.CreateSymbolicLink(Path.Combine(state, file), "/dev/full");

        await AssertServesAsync(state, faulty => Assert.ThrowsAny<Contracts.Faults.PluginException>(() => faulty.Exit(1)));
    }

    [Fact]
    public async Task A_manifest_that_claims_full_trust_gets_what_the_policy_grants_which_is_nothing()
    {
        string manifest = _folder[Path.Combine("plugins", Plugin, "plugin.json")];
        await File.WriteAllTextAsync(
            manifest,
            (await File.ReadAllTextAsync(manifest, TestContext.Current.CancellationToken)).Replace("\"standard\"", "\"full\"", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);

        await using PluginRuntime runtime = await PluginRuntime.StartAsync(Options(PrivateFolder("state")) with { Policy = PluginPolicy.Nothing });

        PluginStatus status = runtime.Status.Single();
        Assert.Equal((PluginState.Refused, Contracts.TrustLevel.Untrusted, (int?)null), (status.State, status.GrantedTrust, status.WorkerPid));
        Assert.Throws<Contracts.Faults.PluginRefusedException>(() => runtime.Get<IFaulty>(Plugin));
    }

    private async Task AssertServesAsync(string state, Action<IFaulty>? first = null)
    {
        await using (PluginRuntime runtime = await PluginRuntime.StartAsync(Options(state)))
        {
            IFaulty faulty = runtime.Get<IFaulty>(Plugin);
            first?.Invoke(faulty);
            Assert.Equal("text", faulty.Echo("text"));
            Assert.Equal(state, runtime.StateFolder);
        }

        Assert.DoesNotContain(Holdings.Processes(), worker => Holdings.CommandOf(worker).Contains("PluginHost.Worker.dll", StringComparison.Ordinal));
    }

    private string PrivateFolder(string name)
    {
        string folder = _folder.Folder(name);
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return folder;
    }

    private PluginRuntimeOptions Options(string state) => new()
    {
        Directory = _folder["plugins"],
        StateFolder = state,
        ContractAssemblies = [typeof(IFaulty).Assembly],
        Spares = SpareOptions.None,
        Policy = new PluginPolicy { Development = _folder["plugins"] },
    };
}
