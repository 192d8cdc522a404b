using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Leasing;

/// <summary>Makes the sequence that a call's answer, or its arguments, hold; so that its steps are steps of that call's method.</summary>
internal abstract class SequenceOrigin
{
    /// <summary>Makes one.</summary>
    /// <param name="channel">Where it is asked for.</param>
    /// <param name="token">The peer's token, or null where all items came.</param>
    /// <param name="values">The items that came.</param>
    public abstract RemoteSequence<T> Create<T, TCodec>(LeaseChannel channel, long? token, List<T> values)
        where TCodec : struct, IValueCodec<T>;
}

/// <summary>The origin of sequences in a call's arguments: their steps belong to no method of a contract.</summary>
internal sealed class ArgumentSequences : SequenceOrigin
{
    public static ArgumentSequences Instance { get; } = new();

    /// <inheritdoc/>
    public override RemoteSequence<T> Create<T, TCodec>(LeaseChannel channel, long? token, List<T> values) =>
        new RemoteSequence<ArgumentStep, NoResult, T, TCodec>(channel, token, values);

    private readonly struct ArgumentStep : ICall<NoResult>
    {
        public static ContractMethod Method => LeaseContract.Next;

        public void WriteArguments<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => writer.WriteNull();

        public static NoResult ReadResult<TReader>(ref TReader reader)
            where TReader : struct, IValueReader, allows ref struct
        {
            reader.Skip();
            return default;
        }

        public static Exception? ReadError<TReader>(string type, ref TReader reader)
            where TReader : struct, IValueReader, allows ref struct => null;
    }
}

/// <summary>A sequence of the peer, enumerated once. Not thread-safe but for its end.</summary>
internal abstract class RemoteSequence<T> : Lease, IAsyncEnumerable<T>
{
    /// <inheritdoc/>
    public abstract IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default);
}

/// <inheritdoc/>
[SuppressMessage("Usage", "CA1816", Justification = "Nothing is left for the finalizer once the owner knows.")]
internal sealed class RemoteSequence<TCall, TResult, T, TCodec>(LeaseChannel channel, long? token, List<T> values) : RemoteSequence<T>, IAsyncEnumerator<T>
    where TCall : struct, ICall<TResult>
    where TCodec : struct, IValueCodec<T>
{
    private List<T> _values = values;
    private int _at = -1;
    private CancellationToken _cancellationToken;
    private int _isOpen = Opened(channel, token);
    private int _isTaken;
    private int _isAsking;
    private bool _isFinished = token is null;

    /// <summary>Gives the peer's generator back where an application dropped the sequence.</summary>
    ~RemoteSequence()
    {
        if (Volatile.Read(ref _isOpen) != 0)
        {
            channel.CountHeldSequence(-1);
            ThreadPool.UnsafeQueueUserWorkItem(static lost => LeaseMessages.SendAbort(lost.channel, lost.token), (channel, token: token!.Value), preferLocal: false);
        }
    }

    /// <inheritdoc/>
    public T Current => _values[_at];

    /// <inheritdoc/>
    public override IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _isTaken, 1) != 0)
        {
            throw new InvalidOperationException($"The sequence of {TCall.Method} comes from another process and can be enumerated once; call the method again for another one.");
        }

        _cancellationToken = cancellationToken;
        return this;
    }

    /// <inheritdoc/>
    public ValueTask<bool> MoveNextAsync()
    {
        if (_at + 1 < _values.Count)
        {
            _at++;
            return new ValueTask<bool>(true);
        }

        return _isFinished ? new ValueTask<bool>(false) : AskAsync();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _isFinished = true;
        _values = [];
        _at = -1;
        Drop();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override void CallEnded(bool hasFailed)
    {
        // The owner knows, and has ended it: nothing is sent. Whoever goes on reading is told so by the owner, as of anything that is gone.
        Close();
    }

    /// <inheritdoc/>
    public override void Drop()
    {
        if (Close())
        {
            LeaseMessages.SendAbort(channel, token!.Value);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> AskAsync()
    {
        while (true)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            if (Interlocked.Exchange(ref _isAsking, 1) != 0)
            {
                throw new InvalidOperationException("The step before has not ended.");
            }

            SequenceBatch<T> batch;
            try
            {
                batch = await channel.Invoker.InvokeAsync<StepCall<TCall, TResult, T, TCodec>, SequenceBatch<T>>(
                    new StepCall<TCall, TResult, T, TCodec>(token!.Value, channel.Chain), _cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // There is no second try: an item may have been lost with the answer.
                _isFinished = true;
                if (channel.IsGone(e))
                {
                    Close();
                }

                throw;
            }
            finally
            {
                Volatile.Write(ref _isAsking, 0);
            }

            _values = batch.Values;
            _at = -1;
            if (batch.IsFinished)
            {
                _isFinished = true;
                Close();
            }

            if (_values.Count > 0)
            {
                _at = 0;
                return true;
            }

            if (batch.IsFinished)
            {
                return false;
            }
        }
    }

    private static int Opened(LeaseChannel channel, long? token)
    {
        if (token is null)
        {
            return 0;
        }

        channel.CountHeldSequence(1);
        return 1;
    }

    private bool Close()
    {
        GC.SuppressFinalize(this);
        if (Interlocked.Exchange(ref _isOpen, 0) == 0)
        {
            return false;
        }

        channel.CountHeldSequence(-1);
        return true;
    }
}
