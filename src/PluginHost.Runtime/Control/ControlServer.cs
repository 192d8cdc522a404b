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

    /// <summary>The command that resets a plugin; its id follows after a space.</summary>
    public const string Reset = "reset";

    private const int LongestCommand = 256;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private readonly Socket _listener;
    private readonly Func<RuntimeSnapshot> _snapshot;
    private readonly Func<string, Task> _reset;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly string _path;
    private readonly Task _accepting;

    private ControlServer(string path, Socket listener, Func<RuntimeSnapshot> snapshot, Func<string, Task> reset, TimeProvider clock, ILogger logger)
    {
        _path = path;
        _listener = listener;
        _snapshot = snapshot;
        _reset = reset;
        _clock = clock;
        _logger = logger;
        _accepting = AcceptAsync();
    }

    /// <summary>Starts to listen. The state folder's lock makes sure that a socket file found there is a dead host's.</summary>
    /// <param name="path">The socket's path.</param>
    /// <param name="snapshot">Gives the host as it is now.</param>
    /// <param name="reset">Resets a plugin by its id.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">The log.</param>
    public static ControlServer Start(string path, Func<RuntimeSnapshot> snapshot, Func<string, Task> reset, TimeProvider clock, ILogger logger)
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
        return new ControlServer(path, listener, snapshot, reset, clock, logger);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        try
        {
            File.Delete(_path);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // Somebody removed the folder or its rights: no reason to keep the plugins from being stopped.
            Log.SocketKept(_logger, _path, gone.Message);
        }

        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                Socket client = await _listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                _ = ServeAsync(client);
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

    private async Task ServeAsync(Socket client)
    {
        using CancellationTokenSource patience = new(s_patience, _clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _stopping.Token);
        using (client)
        {
            try
            {
                byte[] answer = await AnswerAsync(await ReadLineAsync(client, either.Token).ConfigureAwait(false), patience).ConfigureAwait(false);
                for (int sent = 0; sent < answer.Length;)
                {
                    sent += await client.SendAsync(answer.AsMemory(sent), SocketFlags.None, either.Token).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                Log.ClientDropped(_logger, _path, e.Message);
            }
            catch (Exception e)
            {
                // Nobody waits for this task: without a word here nobody would know why the client got nothing.
                Log.AnswerFailed(_logger, _path, e);
            }
        }
    }

    private async Task<byte[]> AnswerAsync(string? command, CancellationTokenSource patience)
    {
        switch (command?.Split(' '))
        {
            case [Snapshot]:
                return _snapshot().ToJson();

            case [Reset, var pluginId]:
                // It stops and starts a plugin, which has deadlines of its own.
                patience.CancelAfter(Timeout.InfiniteTimeSpan);
                string? problem = await TryResetAsync(pluginId).ConfigureAwait(false);
                patience.CancelAfter(s_patience);
                return ControlAnswer.Of(problem);

            default:
                return ControlAnswer.Of($"Unknown command; expected '{Snapshot}' or '{Reset} PLUGIN'.");
        }
    }

    private async Task<string?> TryResetAsync(string pluginId)
    {
        try
        {
            await _reset(pluginId).ConfigureAwait(false);
            return null;
        }
        catch (Exception failed)
        {
            // Whatever it was, the one who asked has to know; this host goes on.
            return failed.Message;
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
