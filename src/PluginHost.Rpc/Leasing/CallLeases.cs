using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Leasing;

/// <summary>
/// What one call carries that outlives a message: what ends with the call, and what its result brings. Used with its call again and again, and
/// allocates nothing for a call without leases. Written and read by one thread at a time; ended by any.
/// </summary>
/// <param name="origin">Makes the sequences that are read.</param>
internal sealed class CallLeases(SequenceOrigin origin) : Leases
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

    /// <summary>Corrects the header of an array that was begun empty.</summary>
    /// <param name="start">Where the array begins.</param>
    /// <param name="count">How many items were written.</param>
    public void SetCount(int start, int count)
    {
        if (Codec == RpcCodec.MessagePack)
        {
            MessagePackArrays.SetCount(_output!, start, count);
        }
    }

    /// <inheritdoc/>
    public override void WriteProgress<TWriter, T, TCodec>(ref TWriter writer, IProgress<T>? progress)
    {
        if (progress is null)
        {
            writer.WriteNull();
            return;
        }

        if (!_isRequest)
        {
            throw new ValueFormatException("A receiver of progress can be an argument only; it was written into a result.");
        }

        _reports ??= new ReportQueue();
        ProgressReceiver<T, TCodec> receiver = new(progress, _reports, _connection.Progress, _connection.Channel);
        if (!_connection.Progress.TryAdd(receiver, out long token))
        {
            throw new ValueFormatException($"{Options.MaxTokens} receivers of progress are alive on this connection, and that is its limit.");
        }

        receiver.Token = token;
        EndWithCall(receiver);
        writer.WriteInt64(token);
    }

    /// <inheritdoc/>
    public override IProgress<T>? ReadProgress<TReader, T, TCodec>(ref TReader reader)
    {
        if (reader.TryReadNull())
        {
            return null;
        }

        RemoteProgress<T, TCodec> progress = new(ProgressToken.Read(ref reader), Codec, _connection.Channel);
        EndWithCall(progress);
        return progress;
    }

    /// <inheritdoc/>
    public override void WriteSequence<TWriter, T, TCodec>(ref TWriter writer, IAsyncEnumerable<T>? sequence)
    {
        if (sequence is null)
        {
            writer.WriteNull();
            return;
        }

        LeaseLifetime lifetime = TakeLifetime();
        SequenceProducer<T, TCodec> source = new(sequence, lifetime, _errors, _connection.Sequences, _connection.Channel);
        if (!_isRequest && Options.SequencePrefetch > 0)
        {
            source.Prefetch(Options.SequencePrefetch);
        }

        SequenceValue.Write(ref writer, source, this);
        if (_isRequest)
        {
            EndWithCall(source);
        }
        else
        {
            Brings(source);
        }
    }

    /// <inheritdoc/>
    public override IAsyncEnumerable<T>? ReadSequence<TReader, T, TCodec>(ref TReader reader)
    {
        if (reader.TryReadNull())
        {
            return null;
        }

        long? token = SequenceValue.Read<TReader, T, TCodec>(ref reader, out List<T> values);
        RemoteSequence<T> sequence = origin.Create<T, TCodec>(_connection.Channel, token, values);
        Came(sequence, isNew: true);
        return sequence;
    }

    /// <inheritdoc/>
    public override void WriteObject<TWriter>(ref TWriter writer, object? target, ContractDescriptor contract, ObjectLifetime lifetime)
    {
        if (target is null)
        {
            writer.WriteNull();
            return;
        }

        if (_connection.RemoteObjects.Find(target) is { } remote)
        {
            if (remote.IsLetGo)
            {
                throw new ObjectDisposedException(contract.Name, $"A call was given an object of {contract.VersionedName} that its holder has let go of.");
            }

            if (!remote.IsAlive)
            {
                throw new ValueFormatException($"An object of {contract.VersionedName} cannot be given back: its owner has ended it.");
            }

            ObjectValue.Write(ref writer, isOwn: false, remote.Handle, ObjectLifetime.Explicit, Codec);
            return;
        }

        ObjectLifetime scope = _isRequest ? lifetime : ObjectLifetime.Explicit;
        ObjectLease lease = new(target, contract, scope, _connection.Objects, _connection.Channel);
        if (!_connection.Objects.TryAdd(lease))
        {
            throw new ValueFormatException($"The peer holds {Options.MaxObjects} objects of this side, and that is the limit of the connection. Dispose those that are not needed.");
        }

        if (_isRequest)
        {
            EndWithCall(lease);
        }
        else
        {
            Brings(lease);
        }

        ObjectValue.Write(ref writer, isOwn: true, lease.Handle, scope, Codec);
    }

    /// <inheritdoc/>
    public override object? ReadObject<TReader>(ref TReader reader, ContractDescriptor contract)
    {
        if (reader.TryReadNull())
        {
            return null;
        }

        ObjectValue value = ObjectValue.Read(ref reader);
        if (!value.IsOwn)
        {
            return _connection.Objects.TryFind(value.Handle, out ObjectLease? own) && contract.InterfaceType.IsInstanceOfType(own.Target)
                ? own.Target
                : throw new ValueFormatException($"The object {value.Handle} that came back as {contract.VersionedName} is none that this side has handed out.");
        }

        RemoteObject remote = _connection.RemoteObjects.Get(value.Handle, contract, value.Lifetime == ObjectLifetime.Call && !_isRequest, out bool isNew);
        Came(remote, isNew);
        return remote.Proxy;
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
