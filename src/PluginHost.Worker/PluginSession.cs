using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Worker;

/// <summary>Answers the host: agrees on the protocol, loads and starts the one plugin, stops it. Thread-safe.</summary>
internal sealed partial class PluginSession(TimeProvider clock) : WorkerControl, IDisposable
{
    private static readonly TimeSpan s_drainStep = TimeSpan.FromMilliseconds(5);
    private readonly CancellationTokenSource _stopping = new();
    private RpcConnection? _connection;
    private object? _plugin;
    private LoadedPlugin? _loaded;
    private RpcCodec _codec;
    private long _dropped;

    /// <summary>Why the worker has to end, once it has to; null where the host closes the channel.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>True once the plugin was stopped as the host asked.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>The connection; set before it starts.</summary>
    public RpcConnection Connection
    {
        get => _connection ?? throw new InvalidOperationException("The connection is not set.");
        set => _connection = value;
    }

    /// <summary>Takes the host's offers of transports; set before the connection starts. Null takes none.</summary>
    public TransportChoice? Transports { get; set; }

    /// <summary>Tells the host that this process lives; set before the connection starts. Null for a host that does not ask for it.</summary>
    public Heartbeat? Heartbeat { get; set; }

    /// <summary>Tells the host of an exception that is about to end this process. Returns when it is on its way.</summary>
    public void Dying(object thrown)
    {
        ThrownException described = thrown is Exception exception
            ? ThrownException.Read(exception)
            : new ThrownException(FaultKind.UnhandledException, thrown.GetType().FullName ?? "", thrown.ToString() ?? "", null);
        Connection.Notify(new DyingCall(new DyingNotice(described.Type, described.Message, described.Stack)));
    }

    /// <inheritdoc/>
    protected override ValueTask<HelloReply> HelloAsync(HelloRequest request, CancellationToken cancellationToken)
    {
        int protocol = Math.Min(request.ProtocolMax, WorkerProtocolVersion.Max);
        string? codec = request.Codecs.FirstOrDefault(c => c is WorkerProtocolVersion.MessagePack or WorkerProtocolVersion.Json);
        if (protocol < Math.Max(request.ProtocolMin, WorkerProtocolVersion.Min))
        {
            throw Refuse(
                $"The host (version {request.HostVersion}) speaks protocol {request.ProtocolMin} to {request.ProtocolMax}, this worker (version {Version}) " +
                $"{WorkerProtocolVersion.Min} to {WorkerProtocolVersion.Max}. Install host and worker of the same release.");
        }

        if (codec is null)
        {
            throw Refuse(
                $"The host (version {request.HostVersion}) speaks {string.Join(", ", request.Codecs)}, this worker (version {Version}) " +
                $"{WorkerProtocolVersion.MessagePack} and {WorkerProtocolVersion.Json}. Install host and worker of the same release.");
        }

        _codec = codec == WorkerProtocolVersion.Json ? RpcCodec.Json : RpcCodec.MessagePack;
        string transport = WorkerProtocolVersion.Socket;
        string? problem = null;
        if (Transports?.Take(request.Transports, out problem) == true)
        {
            transport = WorkerProtocolVersion.Ring;
        }

        return new(new HelloReply(protocol, codec, Version, RuntimeInformation.FrameworkDescription, Environment.ProcessId)
        {
            Transport = transport,
            TransportProblem = problem,
        });
    }

    /// <inheritdoc/>
    protected override long Ping() => clock.GetTimestamp();

    /// <inheritdoc/>
    protected override async ValueTask HealthAsync(CancellationToken cancellationToken)
    {
        if (_plugin is not { } plugin || _loaded is not { } loaded)
        {
            throw new InvalidOperationException("No plugin has been loaded.");
        }

        try
        {
            await loaded.CheckHealthAsync(plugin, cancellationToken).ConfigureAwait(false);
        }
        catch (PluginLoadException failed)
        {
            throw LoadRefusal.Of(failed);
        }
    }

    /// <inheritdoc/>
    protected override async ValueTask<StopReply> StopAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        // The host hears that its request has come before the plugin's code has the thread.
        Heartbeat?.Now();
        await _stopping.CancelAsync().ConfigureAwait(false);
        long began = clock.GetTimestamp();

        // This very call is one of them. What the host has open may still be read and called.
        while ((Connection.PendingInbound > 1 || Connection.OpenLeases > 0) && clock.GetElapsedTime(began) < drain)
        {
            await Task.Delay(s_drainStep, clock, cancellationToken).ConfigureAwait(false);
        }

        int abandoned = Math.Max(0, Connection.PendingInbound - 1);
        switch (_plugin)
        {
            case IAsyncDisposable asynchronous:
                await asynchronous.DisposeAsync().ConfigureAwait(false);
                break;
            case IDisposable synchronous:
                synchronous.Dispose();
                break;
        }

        IsStopped = true;
        return new StopReply(abandoned);
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    private static string Version { get; } = typeof(PluginSession).Assembly.GetName().Version?.ToString(3) ?? "0";

    private void Send(LogEvent logged)
    {
        long dropped = Interlocked.Exchange(ref _dropped, 0);
        if (dropped > 0 && !Connection.Notify(new LogCall(DroppedEvents.Describe(dropped, logged))))
        {
            Interlocked.Add(ref _dropped, dropped);
        }

        if (!Connection.Notify(new LogCall(logged)))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    private InvalidOperationException Refuse(string message)
    {
        ExitCode = WorkerExitCodes.HandshakeRefused;
        return new InvalidOperationException(message);
    }
}
