using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Store;

namespace PluginHost.Runtime.Control;

/// <summary>Reads a host from outside: a running one through its control socket, else what the last one recorded.</summary>
public static class HostAttachment
{
    private const int LongestAnswer = 64 * 1024 * 1024;
    private const string SocketName = "control.sock";
    private const string WindowName = "window.json";

    /// <summary>What was read, and whether its host runs.</summary>
    /// <param name="StateFolder">The state folder it came from.</param>
    /// <param name="IsRunning">True where a host answered; false where it is the last recorded window.</param>
    /// <param name="Snapshot">The snapshot.</param>
    public sealed record Reading(string StateFolder, bool IsRunning, RuntimeSnapshot Snapshot);

    /// <summary>
    /// The state folders that hosts of a plugins directory have used where none was named to them: the usual one and its numbered siblings,
    /// in that order. Those that are not there are left out.
    /// </summary>
    /// <param name="pluginsDirectory">The plugins directory.</param>
    public static IReadOnlyList<string> FoldersOf(string pluginsDirectory)
    {
        ArgumentNullException.ThrowIfNull(pluginsDirectory);
        string usual = Path.TrimEndingDirectorySeparator(StateFolder.DefaultFor(pluginsDirectory));
        string parent = Path.GetDirectoryName(usual)!;
        if (!Directory.Exists(parent))
        {
            return [];
        }

        IEnumerable<string> siblings = Directory.EnumerateDirectories(parent, Path.GetFileName(usual) + "-*")
            .Where(folder => int.TryParse(folder.AsSpan(usual.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .OrderBy(folder => int.Parse(folder.AsSpan(usual.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture));
        return [.. siblings.Prepend(usual).Where(Directory.Exists)];
    }

    /// <summary>Asks the host of a state folder.</summary>
    /// <param name="stateFolder">The state folder.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Its answer; null where no host listens there.</returns>
    /// <exception cref="IOException">A host listens but did not give a snapshot.</exception>
    public static async Task<Reading?> AskAsync(string stateFolder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stateFolder);
        try
        {
            return await SendAsync(stateFolder, ControlServer.Snapshot, cancellationToken).ConfigureAwait(false) is { } answer
                ? new Reading(stateFolder, IsRunning: true, RuntimeSnapshot.FromJson(answer))
                : null;
        }
        catch (Exception e) when (e is SocketException or JsonException)
        {
            throw new IOException($"The host of '{stateFolder}' did not answer with a snapshot: {e.Message} Install tool and host of the same release.", e);
        }
    }

    /// <summary>
    /// Resets a plugin of the host of a state folder, as <see cref="PluginRuntime.ResetAsync"/> does: failures, quarantine and demotion are forgotten and
    /// it is started.
    /// </summary>
    /// <param name="stateFolder">The state folder.</param>
    /// <param name="pluginId">The plugin's id.</param>
    /// <param name="cancellationToken">Gives up; the host goes on with it.</param>
    /// <returns>False where no host listens there.</returns>
    /// <exception cref="ArgumentException">That can be no plugin's id.</exception>
    /// <exception cref="IOException">A host listens but did not do it; the message says why.</exception>
    public static async Task<bool> ResetAsync(string stateFolder, string pluginId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stateFolder);
        ArgumentNullException.ThrowIfNull(pluginId);
        if (!PluginIds.Valid(pluginId))
        {
            throw new ArgumentException($"found {StrictValue.Quote(pluginId)}, expected {PluginIds.Expected}.", nameof(pluginId));
        }

        try
        {
            if (await SendAsync(stateFolder, $"{ControlServer.Reset} {pluginId}", cancellationToken).ConfigureAwait(false) is not { } answer)
            {
                return false;
            }

            return ControlAnswer.Read(answer).Error is { } problem ? throw new IOException($"The host of '{stateFolder}' did not reset {pluginId}: {problem}") : true;
        }
        catch (Exception e) when (e is SocketException or JsonException)
        {
            throw new IOException($"The host of '{stateFolder}' did not answer: {e.Message} Install tool and host of the same release.", e);
        }
    }

    /// <summary>Sends a command; gives the answer, or null where no host listens.</summary>
    private static async Task<byte[]?> SendAsync(string stateFolder, string command, CancellationToken cancellationToken)
    {
        string path = Path.Combine(stateFolder, SocketName);
        if (!File.Exists(path))
        {
            return null;
        }

        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            using ControlAddress address = ControlAddress.Of(path);
            await socket.ConnectAsync(address.EndPoint, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable)
        {
            // A socket file that nobody listens on: its host died.
            return null;
        }

        await socket.SendAsync(Encoding.UTF8.GetBytes(command + "\n"), SocketFlags.None, cancellationToken).ConfigureAwait(false);
        return (await ReadToEndAsync(socket, cancellationToken).ConfigureAwait(false)).ToArray();
    }

    /// <summary>Reads the last window that a host of a state folder recorded.</summary>
    /// <returns>It, or null where none was recorded.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Reading? LastWindow(string stateFolder)
    {
        ArgumentNullException.ThrowIfNull(stateFolder);
        string path = Path.Combine(stateFolder, WindowName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return new Reading(stateFolder, IsRunning: false, RuntimeSnapshot.FromJson(ReadWindow(path)));
        }
        catch (JsonException e)
        {
            throw new IOException($"The window '{path}' cannot be read: {e.Message} Delete it; the next run writes a new one.", e);
        }
    }

    private static byte[] ReadWindow(string path)
    {
        using FileStream? file = PlainFile.Open(path, out string? problem);
        if (file is null || file.Length > LongestAnswer)
        {
            throw new IOException($"The window '{path}' {problem ?? $"is longer than {LongestAnswer} bytes. Delete it; the next run writes a new one."}");
        }

        byte[] window = new byte[file.Length];
        return window[..file.ReadAtLeast(window, window.Length, throwOnEndOfStream: false)];
    }

    private static async Task<MemoryStream> ReadToEndAsync(Socket socket, CancellationToken cancellationToken)
    {
        MemoryStream answer = new();
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            int read = await socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return answer;
            }

            answer.Write(buffer, 0, read);
            if (answer.Length > LongestAnswer)
            {
                throw new IOException($"The host's answer is longer than {LongestAnswer} bytes.");
            }
        }
    }
}
