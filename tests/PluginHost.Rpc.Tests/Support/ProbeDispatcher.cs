using System.Collections.Concurrent;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>The callee of the probe contract; tests watch and steer it.</summary>
internal sealed class ProbeDispatcher : Dispatcher
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource<int>> _gates = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _entered = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _cancelled = new();

    public override ContractDescriptor Contract => ProbeContract.Instance;

    /// <summary>What a call of Fail "callback" does: calls back over the same connection.</summary>
    public Func<ValueTask>? Callback { get; set; }

    /// <summary>Blocks the pool thread that runs Tell, where set.</summary>
    public ManualResetEventSlim? HoldTell { get; set; }

    /// <summary>Runs in the handler of Add, where set.</summary>
    public Action? Adding { get; set; }

    public ConcurrentQueue<int> Told { get; } = new();

    public int Started;

    public TaskCompletionSource<int> Gate(int key) =>
        _gates.GetOrAdd(key, static _ => new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously));

    public Task Entered(int key) => At(_entered, key).Task;

    public Task Cancelled(int key) => At(_cancelled, key).Task;

    public override int Find(ReadOnlySpan<byte> utf8WireName)
    {
        foreach (ContractMethod method in ((ProbeContract)Contract).Methods)
        {
            if (utf8WireName.SequenceEqual(method.Utf8WireName))
            {
                return method.Index;
            }
        }

        return -1;
    }

    public override ValueTask InvokeAsync<TReader>(int method, ref TReader arguments, Reply reply, CancellationToken cancellationToken)
    {
        int given = 0;
        string? text = null;
        if (arguments.Peek() == ValueKind.Map)
        {
            ValueScope named = arguments.BeginMap();
            while (arguments.NextName(ref named, out _))
            {
                given += arguments.ReadInt32();
            }
        }
        else if (!arguments.TryReadNull())
        {
            ValueScope scope = arguments.BeginArray();
            while (arguments.NextElement(ref scope))
            {
                if (method is 1 or 3)
                {
                    text = arguments.ReadString();
                }
                else
                {
                    given += arguments.ReadInt32();
                }
            }
        }

        reply.ArgumentsRead();
        switch (method)
        {
            case 0:
                Adding?.Invoke();
                reply.Send(new IntResult(given));
                return ValueTask.CompletedTask;
            case 1:
                reply.Send(new TextResult(text));
                return ValueTask.CompletedTask;
            case 2:
                return WaitAsync(given, reply, cancellationToken);
            case 3:
                return FailAsync(text!, reply);
            case 4:
                reply.Send(new NumberResult(given == 0 ? double.NaN : given));
                return ValueTask.CompletedTask;
            default:
                HoldTell?.Wait(cancellationToken);
                Told.Enqueue(given);
                reply.Send(new IntResult(0));
                return ValueTask.CompletedTask;
        }
    }

    public override string? FindError(int method, Exception exception) =>
        method == 3 && exception is NotFoundException ? typeof(NotFoundException).FullName : null;

    public override void WriteError<TWriter>(int method, Exception exception, ref TWriter writer) =>
        writer.WriteString(((NotFoundException)exception).Key);

    private static TaskCompletionSource At(ConcurrentDictionary<int, TaskCompletionSource> all, int key) =>
        all.GetOrAdd(key, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private async ValueTask WaitAsync(int key, Reply reply, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref Started);
        At(_entered, key).TrySetResult();
        try
        {
            reply.Send(new IntResult(await Gate(key).Task.WaitAsync(cancellationToken)));
        }
        catch (OperationCanceledException)
        {
            At(_cancelled, key).TrySetResult();
            throw;
        }
    }

    private async ValueTask FailAsync(string how, Reply reply)
    {
        switch (how)
        {
            case "declared":
                throw new NotFoundException("the key");
            case "late":
                await Task.Yield();
                throw new NotFoundException("later");
            case "undeclared":
                throw new InvalidOperationException("It broke.", new ArgumentException("Inside."));
            case "cancelled":
                throw new OperationCanceledException("Nobody asked.");
            case "silent":
                return;
            case "callback":
                await Callback!();
                break;
        }

        reply.Send(new IntResult(0));
    }

    private readonly struct IntResult(int value) : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => writer.WriteInt64(value);
    }

    private readonly struct TextResult(string? value) : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => writer.WriteString(value);
    }

    private readonly struct NumberResult(double value) : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => writer.WriteDouble(value);
    }
}
