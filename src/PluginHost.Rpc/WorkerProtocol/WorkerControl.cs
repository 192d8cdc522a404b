using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>The worker's side of the protocol: answers the host. Derived in the worker; handlers run on pool threads, side by side.</summary>
public abstract class WorkerControl : CompiledDispatcher
{
    /// <inheritdoc/>
    public sealed override ContractDescriptor Contract => WorkerControlContract.Instance;

    /// <inheritdoc/>
    public sealed override int Find(ReadOnlySpan<byte> utf8WireName)
    {
        foreach (ContractMethod method in Contract.Methods)
        {
            if (utf8WireName.SequenceEqual(method.Utf8WireName))
            {
                return method.Index;
            }
        }

        return -1;
    }

    /// <inheritdoc/>
    public sealed override ValueTask InvokeAsync<TReader>(
        int method, ref TReader arguments, Reply reply, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reply);
        switch (method)
        {
            case 0:
                WireMap.MoveToArgument(ref arguments, WorkerControlContract.Hello);
                return AnswerHelloAsync(HandshakeCodec.ReadHelloRequest(ref arguments), reply, cancellationToken);
            case 1:
                WireMap.MoveToArgument(ref arguments, WorkerControlContract.Load);
                return AnswerLoadAsync(LoadCodec.ReadLoadRequest(ref arguments), reply, cancellationToken);
            case 2:
                Send(reply, new TicksResult(Ping()));
                return ValueTask.CompletedTask;
            case 3:
                WireMap.MoveToArgument(ref arguments, WorkerControlContract.Stop);
                return AnswerStopAsync(arguments.ReadInt32(), reply, cancellationToken);
            case 4:
                return AnswerHealthAsync(reply, cancellationToken);
            default:
                throw new ArgumentOutOfRangeException(nameof(method), method, "The worker control has five methods.");
        }
    }

    /// <inheritdoc/>
    internal sealed override ValueTask InvokeMessagePackAsync(int method, ref MessagePackValueReader arguments, Reply reply, CancellationToken cancellationToken) =>
        InvokeAsync(method, ref arguments, reply, cancellationToken);

    /// <inheritdoc/>
    public sealed override string? FindError(int method, Exception exception) => null;

    /// <inheritdoc/>
    public sealed override void WriteError<TWriter>(int method, Exception exception, ref TWriter writer) =>
        throw new NotSupportedException("The worker control declares no errors.");

    /// <summary>Agrees on version and codec. What it throws is the host's answer.</summary>
    protected abstract ValueTask<HelloReply> HelloAsync(HelloRequest request, CancellationToken cancellationToken);

    /// <summary>Loads and starts the plugin. What it throws is the host's answer.</summary>
    protected abstract ValueTask<LoadReply> LoadAsync(LoadRequest request, CancellationToken cancellationToken);

    /// <summary>Gives the worker's timestamp.</summary>
    protected abstract long Ping();

    /// <summary>Stops the plugin.</summary>
    /// <param name="drain">How long running calls may take to end.</param>
    /// <param name="cancellationToken">Cancelled when the host gives up or the connection ends.</param>
    protected abstract ValueTask<StopReply> StopAsync(TimeSpan drain, CancellationToken cancellationToken);

    /// <summary>Says whether the plugin can do its work: by throwing where it cannot. Does nothing by default.</summary>
    protected virtual ValueTask HealthAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    // Where the answer is there at once, and it mostly is, no state machine is made, whose code would be compiled at every worker's start.
    private ValueTask AnswerHelloAsync(HelloRequest request, Reply reply, CancellationToken cancellationToken)
    {
        ValueTask<HelloReply> asked = HelloAsync(request, cancellationToken);
        if (!asked.IsCompletedSuccessfully)
        {
            return LaterAsync(asked, reply);
        }

        Send(reply, new HelloResult(asked.Result));
        return ValueTask.CompletedTask;

        static async ValueTask LaterAsync(ValueTask<HelloReply> asked, Reply reply) => Send(reply, new HelloResult(await asked.ConfigureAwait(false)));
    }

    private ValueTask AnswerLoadAsync(LoadRequest request, Reply reply, CancellationToken cancellationToken)
    {
        ValueTask<LoadReply> asked = LoadAsync(request, cancellationToken);
        if (!asked.IsCompletedSuccessfully)
        {
            return LaterAsync(asked, reply);
        }

        Send(reply, new LoadResult(asked.Result));
        return ValueTask.CompletedTask;

        static async ValueTask LaterAsync(ValueTask<LoadReply> asked, Reply reply) => Send(reply, new LoadResult(await asked.ConfigureAwait(false)));
    }

    private async ValueTask AnswerHealthAsync(Reply reply, CancellationToken cancellationToken)
    {
        await HealthAsync(cancellationToken).ConfigureAwait(false);
        Send(reply, default(NullResult));
    }

    private async ValueTask AnswerStopAsync(int drainMilliseconds, Reply reply, CancellationToken cancellationToken) =>
        Send(reply, new StopResult(await StopAsync(TimeSpan.FromMilliseconds(drainMilliseconds), cancellationToken).ConfigureAwait(false)));

    /// <summary>Answers; names the type that answers in a worker, so that its code for this result is compiled ahead of time.</summary>
    private static void Send<TResult>(Reply reply, TResult result)
        where TResult : struct, IResult
    {
        if (reply is IncomingCall call)
        {
            call.Send(result);
        }
        else
        {
            reply.Send(result);
        }
    }

    private readonly struct HelloResult(HelloReply value) : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => HandshakeCodec.Write(ref writer, value);
    }

    private readonly struct LoadResult(LoadReply value) : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => LoadReplyCodec.Write(ref writer, value);
    }

    private readonly struct StopResult(StopReply value) : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => LoadReplyCodec.Write(ref writer, value);
    }

    private readonly struct NullResult : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => writer.WriteNull();
    }

    private readonly struct TicksResult(long value) : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => writer.WriteInt64(value);
    }
}
