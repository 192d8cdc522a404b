using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using Xunit;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>A Node process with npm's vscode-jsonrpc, connected over its standard input and output.</summary>
internal sealed class NodePeer : IAsyncDisposable
{
    private static readonly Lazy<string?> s_unavailable = new(Prepare);
    private readonly Process _process;
    private readonly Socket _bridge;
    private readonly Task[] _pumps;

    private NodePeer(Process process, Socket bridge, RpcConnection connection)
    {
        _process = process;
        _bridge = bridge;
        Connection = connection;
        _pumps = [Task.Run(FromPeer), Task.Run(ToPeer), Task.Run(Errors)];
    }

    public RpcConnection Connection { get; }

    /// <summary>What the process wrote to its standard error.</summary>
    public string ErrorText { get; private set; } = "";

    /// <summary>Starts a peer, or skips the test with the reason where Node is missing; never in CI.</summary>
    public static NodePeer Start(Func<RpcOptions, RpcOptions>? options = null, string argument = "", params Dispatcher[] targets)
    {
        if (s_unavailable.Value is { } reason)
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", reason);
            Assert.Skip(reason);
        }

        Process process = Process.Start(new ProcessStartInfo("node", ["peer.js", argument])
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        (Socket near, Socket bridge) = SocketPair.Create();
        RpcOptions own = new() { Framing = RpcFraming.Header };
        RpcConnection connection = new(near, options?.Invoke(own) ?? own, targets, NullLogger.Instance);
        connection.Start();
        return new NodePeer(process, bridge, connection);
    }

    /// <summary>Calls a method of the peer; the result is spelled as in <see cref="Vectors.Meaning"/>.</summary>
    public async Task<string> CallAsync<TName>(params object?[] arguments)
        where TName : IWireName =>
        (await Until.Ends(Connection.CallAsync<AnyCall<TName>, string>(new AnyCall<TName>(arguments), TimeSpan.FromSeconds(30), default).AsTask())).Value;

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        _bridge.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        await Task.WhenAll(_pumps);
        _process.Dispose();
    }

    private static string Folder
    {
        get
        {
            string folder = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(folder, "PluginHost.sln")))
            {
                folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("The sources are not above the test.");
            }

            return Path.Combine(folder, "tests", "Interop", "node");
        }
    }

    /// <summary>Installs what the lock file names, once. Null where all is there, else the reason.</summary>
    private static string? Prepare()
    {
        try
        {
            if (Run("node", "--version") is { } noNode)
            {
                return noNode;
            }

            return Directory.Exists(Path.Combine(Folder, "node_modules", "vscode-jsonrpc"))
                ? null
                : Run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"Node is missing: {e.Message}. The tests with vscode-jsonrpc need 'node' and 'npm' on the PATH.";
        }
    }

    private static string? Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : $"'{command} {string.Join(' ', arguments)}' in {Folder} ended with {process.ExitCode}: {error.Result}";
    }

    private void FromPeer()
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            Stream output = _process.StandardOutput.BaseStream;
            while (output.Read(buffer) is int count and > 0)
            {
                for (int sent = 0; sent < count;)
                {
                    sent += _bridge.Send(buffer.AsSpan(sent, count - sent));
                }
            }

            _bridge.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // The test is over.
        }
    }

    private void ToPeer()
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            Stream input = _process.StandardInput.BaseStream;
            while (_bridge.Receive(buffer) is int count and > 0)
            {
                input.Write(buffer.AsSpan(0, count));
                input.Flush();
            }

            input.Close();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // The test is over, or the peer is.
        }
    }

    private void Errors() => ErrorText = _process.StandardError.ReadToEnd();
}
