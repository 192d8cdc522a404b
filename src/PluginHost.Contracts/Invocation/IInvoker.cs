namespace PluginHost.Contracts.Invocation;

/// <summary>A call's arguments and how its answer is read: a generated struct a method.</summary>
/// <typeparam name="TResult">The result; <see cref="NoResult"/> for void.</typeparam>
public interface ICall<TResult>
{
    /// <summary>The method that is called.</summary>
    static abstract ContractMethod Method { get; }

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
}
