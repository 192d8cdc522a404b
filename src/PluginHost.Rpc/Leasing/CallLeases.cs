using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Leasing;

/// <summary>
/// What one call carries that outlives a message: what ends with the call, and what its result brings. Used with its call again and again, and
/// allocates nothing for a call without leases. Written and read by one thread at a time; ended by any.
/// </summary>
/// <param name="origin">Makes the sequences that are read.</param>
internal sealed partial class CallLeases(SequenceOrigin origin) : Leases
{
    private readonly Lock _lock = new();
    private ConnectionLeases _connection = null!;
    private OutputBuffer? _output;
    private SequenceErrors _errors;
    private List<Lease>? _withCall;
    private List<Lease>? _results;
    private LeaseLifetime? _lifetime;
    private ReportQueue? _reports;
    private bool _isRequest;
    private bool _isLate;
    private bool _isEnded;

    /// <summary>The codec of what is written and read.</summary>
    public RpcCodec Codec { get; private set; }

    /// <summary>The bounds.</summary>
    public LeaseOptions Options => _connection.Channel.Options;

    /// <summary>How many bytes the message has so far.</summary>
    public int Written => _output!.Length;

    /// <summary>True where something is to be done at the end.</summary>
    public bool IsUsed => Volatile.Read(ref _withCall) is not null || Volatile.Read(ref _lifetime) is not null || _results is { Count: > 0 };

    /// <summary>The token for what outlives this call with its result.</summary>
    public CancellationToken LifetimeToken
    {
        get
        {
            lock (_lock)
            {
                _lifetime ??= new LeaseLifetime(_connection.Channel);
                if (_isEnded)
                {
                    _lifetime.End();
                }

                return _lifetime.Token;
            }
        }
    }

    /// <summary>Begins with a call that goes out, or is written once more.</summary>
    public void BeginRequest(ConnectionLeases connection, OutputBuffer output, RpcCodec codec)
    {
        if (_withCall is not null)
        {
            Rewrite();
        }

        _connection = connection;
        _output = output;
        Codec = codec;
        _isRequest = true;
    }

    /// <summary>Begins with a call that came in.</summary>
    public void BeginArguments(ConnectionLeases connection, RpcCodec codec, Dispatcher dispatcher, int method)
    {
        _connection = connection;
        Codec = codec;
        _errors = new SequenceErrors(dispatcher, method);
        _isRequest = false;
    }

    /// <summary>Begins with reading a result that nobody waits for: all it brings is to be dropped.</summary>
    public void BeginLateResult(ConnectionLeases connection, RpcCodec codec)
    {
        _connection = connection;
        Codec = codec;
        _isRequest = true;
        _isLate = true;
    }

    /// <summary>Begins with writing the result of a call that came in.</summary>
    public void BeginResult(OutputBuffer output) => _output = output;

    /// <summary>Ends all that lives as long as the call. The caller's side: when the answer came or will not be waited for; the callee's: before it goes out.</summary>
    /// <param name="hasFailed">The answer is an error, or there is none.</param>
    /// <param name="isGivenUp">Nobody waits for the answer any more.</param>
    public void End(bool hasFailed, bool isGivenUp = false)
    {
        List<Lease>? ended;
        lock (_lock)
        {
            _isEnded = true;
            ended = _withCall;
            _withCall = null;
        }

        for (int index = 0; index < ended?.Count; index++)
        {
            if (isGivenUp)
            {
                ended[index].Drop();
            }
            else
            {
                ended[index].CallEnded(hasFailed);
            }
        }

        _lifetime?.End();
        _lifetime = null;
        if (!hasFailed)
        {
            _results?.Clear();
        }
    }

    /// <summary>Drops what a result brought or was to bring: nobody will use it.</summary>
    public void DropResults()
    {
        _results?.ForEach(static lease => lease.Drop());
        _results?.Clear();
    }

    /// <summary>Notes what the result brings, to be dropped where the result is not sent.</summary>
    public void Brings(Lease lease) => (_results ??= []).Add(lease);

    /// <summary>Runs something behind the progress reports that came before the answer; false where there are none.</summary>
    public bool TryRunBehindReports(Action then) => _reports?.TryRunBehind(then) ?? false;

    /// <summary>Cancels what was promised to outlive the call, because the call itself is cancelled before its answer.</summary>
    public void Cancel()
    {
        lock (_lock)
        {
            _lifetime?.End();
        }
    }

    /// <summary>Makes it fit for the next call.</summary>
    public void Reset()
    {
        _output = null;
        _errors = default;
        _reports = null;
        _lifetime = null;
        _results?.Clear();
        _isLate = false;
        _isEnded = false;
    }

    private void Came(Lease lease, bool isNew)
    {
        if (!_isRequest && isNew)
        {
            EndWithCall(lease);
        }
        else if (_isLate && isNew)
        {
            Brings(lease);
        }
    }

    private void EndWithCall(Lease lease)
    {
        lock (_lock)
        {
            if (!_isEnded)
            {
                (_withCall ??= []).Add(lease);
                return;
            }
        }

        lease.Drop();
    }

    private LeaseLifetime TakeLifetime()
    {
        lock (_lock)
        {
            LeaseLifetime taken = (_isRequest ? null : _lifetime) ?? new LeaseLifetime(_connection.Channel);
            _lifetime = _isRequest ? _lifetime : null;
            return taken;
        }
    }

    private void Rewrite()
    {
        List<Lease>? before = _withCall;
        _withCall = null;
        before?.ForEach(static lease => lease.Withdraw());
    }
}
