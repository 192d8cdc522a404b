using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Leasing;

/// <summary>A sequence of this side that the peer asks for item by item. Thread-safe.</summary>
internal abstract class SequenceSource : Lease
{
    /// <summary>The token on the wire; 0 where it has none.</summary>
    public long Token { get; protected set; }

    /// <summary>Answers one step with the items that are there, or waits for them.</summary>
    /// <exception cref="LeaseGoneException">The sequence has ended otherwise.</exception>
    public abstract ValueTask NextAsync(Reply reply, CancellationToken cancellationToken);

    /// <summary>Ends the sequence where nobody has asked for so long.</summary>
    public abstract void EndIfIdle(long now, TimeSpan limit);

    /// <inheritdoc/>
    public sealed override void CallEnded(bool hasFailed) => Drop();
}

/// <summary>What a sequence's own error is called, where its method declares it.</summary>
/// <param name="Dispatcher">The dispatcher of the method that gave the sequence; null for a sequence in arguments, which declares nothing.</param>
/// <param name="Method">The method's index.</param>
internal readonly record struct SequenceErrors(Dispatcher? Dispatcher, int Method)
{
    /// <summary>What a step throws for an error of the sequence.</summary>
    public Exception Of(Exception thrown) => Dispatcher?.FindError(Method, thrown) is { } type
        ? new DeclaredSequenceException(Dispatcher, Method, type, thrown)
        : thrown;
}

/// <summary>A declared error out of a sequence, on its way to the answer of a step.</summary>
internal sealed class DeclaredSequenceException(Dispatcher dispatcher, int method, string type, Exception thrown) : Exception(thrown.Message, thrown)
{
    /// <summary>The full name of the error's type.</summary>
    public string Type => type;

    /// <summary>Writes the error's value.</summary>
    public void WriteValue<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct => dispatcher.WriteError(method, InnerException!, ref writer);
}
