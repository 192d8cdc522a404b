using System.Runtime.CompilerServices;

namespace PluginHost.Contracts.Invocation;

/// <summary>A call's arguments and how its answer is read: a generated struct a method.</summary>
/// <typeparam name="TResult">The result; <see cref="NoResult"/> for void.</typeparam>
public interface ICall<TResult>
{
    /// <summary>The method that is called.</summary>
    static abstract ContractMethod Method { get; }

    /// <summary>True where <see cref="Chain"/> goes with the call. Default false: nothing is asked then.</summary>
    static virtual bool HasChain => false;

    /// <summary>The chain of calls that this one belongs to, as the callee's side understands it; null for none.</summary>
    string? Chain => null;

    /// <summary>True where <see cref="Partition"/> says which of several workers the call goes to. Default false: nothing is asked then.</summary>
    static virtual bool HasPartition => false;

    /// <summary>The number of the call's partition key (<see cref="PartitionHash"/>): calls with the same number go to the same worker.</summary>
    ulong Partition => 0;

    /// <summary>Writes the arguments as one positional array.</summary>
    void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct;

    /// <summary>Reads the result.</summary>
    static abstract TResult ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct;

    /// <summary>Rebuilds a declared error.</summary>
    /// <param name="type">The full name of the error's type.</param>
    /// <param name="reader">At the error's value.</param>
    /// <returns>The error, or null where the method does not declare that type.</returns>
    static abstract Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct;
}

/// <summary>The result of a method that returns nothing.</summary>
public readonly struct NoResult;

/// <summary>Carries a proxy's calls to wherever the plugin is. Thread-safe.</summary>
/// <remarks>
/// Every method throws, or faults its task, with a <see cref="Faults.PluginException"/>, a declared error, or
/// <see cref="OperationCanceledException"/> where the caller's token asked for it.
/// </remarks>
public interface IInvoker
{
    /// <summary>Calls and blocks until the answer.</summary>
    TResult Invoke<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>;

    /// <summary>Calls; the task must be awaited once.</summary>
    ValueTask<TResult> InvokeAsync<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>;

    /// <summary>Calls a method without result; the task must be awaited once.</summary>
    ValueTask InvokeVoidAsync<TCall>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<NoResult>;

    /// <summary>
    /// Gives a sequence that is asked for each time its enumeration begins. The method's time-out bounds the first answer and each step after it.
    /// </summary>
    /// <param name="call">The arguments.</param>
    /// <param name="cancellationToken">Ends the sequence, as the enumeration's own token does.</param>
    async IAsyncEnumerable<T> InvokeSequence<TCall, T>(TCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
        where TCall : struct, ICall<IAsyncEnumerable<T>>
    {
        IAsyncEnumerable<T> sequence = await InvokeAsync<TCall, IAsyncEnumerable<T>>(call, cancellationToken).ConfigureAwait(false);
        await foreach (T item in sequence.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            yield return item;
        }
    }

    /// <summary>Lets go of the object that the calls go to, where it is one that was handed over. Idempotent, does not wait, never throws.</summary>
    void Release()
    {
        // A plugin itself is not handed over: it stays.
    }
}
