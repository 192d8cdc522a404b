namespace PluginHost.Contracts.Invocation;

/// <summary>A value that can be sent as a result: a generated struct a result type.</summary>
public interface IResult
{
    /// <summary>Writes the value.</summary>
    void Write<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct;
}

/// <summary>Takes a call's one result. Not thread-safe; used once a call.</summary>
public abstract class Reply
{
    /// <summary>
    /// The token for a method whose result outlives its call, a sequence: cancelled when the result's lease ends. Asked for before
    /// <see cref="Send"/>, and only where it is needed.
    /// </summary>
    public virtual CancellationToken LeaseToken => CancellationToken.None;

    /// <summary>
    /// Said by a dispatcher between the arguments and the implementation: a <see cref="ValueFormatException"/> before means that the arguments do not
    /// fit, one behind it is the implementation's own.
    /// </summary>
    public virtual void ArgumentsRead()
    {
    }

    /// <summary>Sends the result. The plugin's own time ends here.</summary>
    public abstract void Send<TResult>(in TResult result)
        where TResult : struct, IResult;
}

/// <summary>The callee side of a contract: finds a method by name, reads its arguments, calls the implementation. Generated; thread-safe.</summary>
public abstract class Dispatcher
{
    /// <summary>The contract.</summary>
    public abstract ContractDescriptor Contract { get; }

    /// <summary>Finds a method by its wire name; a trailing <c>Async</c> is accepted too.</summary>
    /// <param name="utf8WireName">Such as <c>Markdown.Render</c> or <c>Markdown.RenderAsync</c>.</param>
    /// <returns>Its index, or -1.</returns>
    public abstract int Find(ReadOnlySpan<byte> utf8WireName);

    /// <summary>
    /// Reads the arguments before it returns (the reader's memory is free afterwards), then calls. The reply is sent before the task ends.
    /// What the implementation throws comes out of this method or its task.
    /// </summary>
    /// <param name="method">From <see cref="Find"/>.</param>
    /// <param name="arguments">At an array (by position), a map (by name) or null (no arguments).</param>
    /// <param name="reply">Takes the result.</param>
    /// <param name="cancellationToken">Given to the implementation where it takes one.</param>
    /// <exception cref="ValueFormatException">The arguments do not fit; the implementation was not called.</exception>
    public abstract ValueTask InvokeAsync<TReader>(int method, ref TReader arguments, Reply reply, CancellationToken cancellationToken)
        where TReader : struct, IValueReader, allows ref struct;

    /// <summary>The full type name of a declared error, or null where <paramref name="method"/> does not declare the exception.</summary>
    public abstract string? FindError(int method, Exception exception);

    /// <summary>Writes a declared error's value; only after <see cref="FindError"/> named it.</summary>
    public abstract void WriteError<TWriter>(int method, Exception exception, ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct;
}
