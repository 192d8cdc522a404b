using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Cli.Commands;
using PluginHost.Cli.Output;
using PluginHost.TestKit;

namespace PluginHost.Cli.Tests.Commands;

/// <summary>Hosts that cannot be read: one that does not answer, and what one has left that is no window.</summary>
public sealed class HostReaderTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_host_that_listens_and_does_not_answer_is_waited_for_ten_seconds()
    {
        using Socket deaf = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        deaf.Bind(new UnixDomainSocketEndPoint(_folder["control.sock"]));
        deaf.Listen();

        Task asked = HostReader.FindRunningAsync(Session(), Cancelled);
        await _clock.UntilTimersAsync(1, Cancelled);
        _clock.Advance(TimeSpan.FromSeconds(9.9));
        bool hadEnded = asked.IsCompleted;
        _clock.Advance(TimeSpan.FromSeconds(0.1));

        ToolException told = await Assert.ThrowsAsync<ToolException>(() => asked);
        Assert.False(hadEnded);
        Assert.Contains(_folder.Path, told.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"at":"2026-01-01T00:00:00+00:00","pid":1,"plugins":null,"stats":null,"faults":null,"restarts":null}""")]
    public async Task A_window_that_cannot_be_read_gets_one_error_that_names_it(string content)
    {
        string window = _folder.Write("window.json", content);

        IOException told = await Assert.ThrowsAsync<IOException>(() => HostReader.ReadAsync(Session(), attach: null, Cancelled));

        Assert.Contains(window, told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_in_the_windows_place_is_not_followed()
    {
        File.CreateSymbolicLink(_folder["window.json"], _folder.Write("other", "{}"));

        IOException told = await Assert.ThrowsAsync<IOException>(() => HostReader.ReadAsync(Session(), attach: null, Cancelled));

        Assert.Contains("symbolic link", told.Message, StringComparison.Ordinal);
    }

    private Session Session() => new()
    {
        Screen = new Screen(TextWriter.Null, TextWriter.Null, isJson: true),
        Settings = new HostSettings { Plugins = _folder.Path, State = _folder.Path },
        Clock = _clock,
        Loggers = NullLoggerFactory.Instance,
        KeepLogIn = static _ => { },
    };
}
