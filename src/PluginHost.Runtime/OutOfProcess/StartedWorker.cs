using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Transport;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>A worker's process and channel before it has a plugin. It becomes one plugin's, once, or is ended. Thread-safe.</summary>
internal sealed class StartedWorker : IAsyncDisposable
{
    private readonly WorkerProcess _process;
    private readonly RingTransport _transport;
    private readonly WorkerReports _reports;
    private readonly LateLogger _logger;
    private readonly LateChain _chain;
    private readonly TimeProvider _clock;

    public StartedWorker(WorkerClass kind, WorkerProcess process, RpcConnection connection, RingTransport transport, WorkerReports reports, LateLogger logger, LateChain chain, TimeProvider clock)
    {
        Class = kind;
        Connection = connection;
        _process = process;
        _transport = transport;
        _reports = reports;
        _logger = logger;
        _chain = chain;
        _clock = clock;
        Gone = Task.WhenAny(process.Ending, connection.Closed);
    }

    /// <summary>What it can become.</summary>
    public WorkerClass Class { get; }

    /// <summary>The channel.</summary>
    public RpcConnection Connection { get; }

    /// <summary>The process id.</summary>
    public int Pid => _process.Pid;

    /// <summary>What was agreed in the handshake; null before it.</summary>
    public HelloReply? Agreed { get; private set; }

    /// <summary>Ends when the process or the channel has ended: it can become nothing any more. Never faults.</summary>
    public Task Gone { get; }

    /// <summary>Takes the answer of the handshake.</summary>
    /// <returns>False where the worker took a transport that it was not offered.</returns>
    public bool Agree(HelloReply reply, RingOffer offer, string owner, ProcessTierOptions options)
    {
        Agreed = reply;
        return offer.Agree(reply, _transport, owner, _logger);
    }

    /// <summary>Makes it a plugin's: from here on its output, its events and its end are that plugin's.</summary>
    public WorkerLink Become(WorkerIdentity identity, StartRequest request, ProcessTierOptions options, TimeProvider clock)
    {
        _logger.Become(request.Logger);
        _chain.Become(request.Chains);
        foreach (Dispatcher service in ServiceTarget.Of(request))
        {
            Connection.AddTarget(service);
        }

        request.WorkerStarted?.Invoke(Pid);
        return new WorkerLink(identity, _process, Connection, _reports, request, options, clock);
    }

    /// <summary>Ends it, its whole process group with it.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await Connection.DisposeAsync().ConfigureAwait(false);
        await _process.KillAndWaitAsync(_clock, _logger).ConfigureAwait(false);
    }
}
