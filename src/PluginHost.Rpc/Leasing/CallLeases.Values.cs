using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;

namespace PluginHost.Rpc.Leasing;

/// <content>What stays with its owner, written and read as a number.</content>
internal sealed partial class CallLeases
{
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
}
