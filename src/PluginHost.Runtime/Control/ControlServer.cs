using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;

namespace PluginHost.Runtime.Control;

/// <summary>
/// Answers tools that attach to a running host, on a Unix socket in its state folder (mode 0600 in a 0700 folder): the client sends one line,
/// a command, and gets one JSON document and the end of the stream. Clients that send more than 256 bytes or wait too long are dropped.
/// </summary>
internal sealed class ControlServer : IAsyncDisposable
{
    /// <summary>The command that asks for a <see cref="RuntimeSnapshot"/>.</summary>
    public const string Snapshot = "snapshot";

    private const int LongestCommand = 256;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private readonly Socket _listener;
    private readonly Func<RuntimeSnapshot> _snapshot;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly string _path;
    private readonly Task _accepting;

    private ControlServer(string path, Socket listener, Func<RuntimeSnapshot> snapshot, TimeProvider clock, ILogger logger)
    {
        _path = path;
        _listener = listener;
        _snapshot = snapshot;
        _clock = clock;
        _logger = logger;
        _accepting = AcceptAsync();
    }

    /// <summary>Starts to listen. The state folder's lock makes sure that a socket file found there is a dead host's.</summary>
    public static ControlServer Start(string path, Func<RuntimeSnapshot> snapshot, TimeProvider clock, ILogger logger)
    {
        File.Delete(path);
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using (ControlAddress address = ControlAddress.Of(path))
        {
            listener.Bind(address.EndPoint);
        }

        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        listener.Listen(16);
        return new ControlServer(path, listener, snapshot, clock, logger);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        File.Delete(_path);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                Socket client = await _listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                _ = AnswerAsync(client);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                Log.AcceptFailed(_logger, _path, e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), _clock, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task AnswerAsync(Socket client)
    {
        using CancellationTokenSource patience = new(s_patience, _clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _stopping.Token);
        using (client)
        {
            try
            {
                string? command = await ReadLineAsync(client, either.Token).ConfigureAwait(false);
                byte[] answer = command == Snapshot
                    ? _snapshot().ToJson()
                    : Encoding.UTF8.GetBytes($"{{\"error\":\"Unknown command; expected '{Snapshot}'.\"}}");
                for (int sent = 0; sent < answer.Length;)
                {
                    sent += await client.SendAsync(answer.AsMemory(sent), SocketFlags.None, either.Token).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                Log.ClientDropped(_logger, _path, e.Message);
            }
        }
    }

    private static async Task<string?> ReadLineAsync(Socket client, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[LongestCommand];
        int length = 0;
        while (length < buffer.Length)
        {
            int read = await client.ReceiveAsync(buffer.AsMemory(length), SocketFlags.None, cancellationToken).ConfigureAwait(false);
            length += read;
            int end = buffer.AsSpan(0, length).IndexOf((byte)'\n');
            if (end >= 0 || read == 0)
            {
                return Encoding.UTF8.GetString(buffer, 0, end >= 0 ? end : length);
            }
        }

        return null;
    }
}
