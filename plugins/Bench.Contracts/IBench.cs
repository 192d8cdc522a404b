using PluginHost.Contracts;

namespace Bench.Contracts;

/// <summary>Calls that do next to nothing, so that what remains is the cost of the call itself. Thread-safe.</summary>
[PluginContract(Major = 1)]
public interface IBench
{
    /// <summary>Adds two numbers on the caller's thread.</summary>
    /// <param name="a">One number.</param>
    /// <param name="b">The other.</param>
    /// <returns>The sum; wraps around on overflow.</returns>
    int Add(int a, int b);

    /// <summary>Adds two numbers on the caller's thread, with a token.</summary>
    /// <param name="a">One number.</param>
    /// <param name="b">The other.</param>
    /// <param name="cancellationToken">Not looked at.</param>
    /// <returns>The sum; wraps around on overflow.</returns>
    int AddCancellable(int a, int b, CancellationToken cancellationToken);

    /// <summary>Adds two numbers; the task has its result when it is returned.</summary>
    /// <param name="a">One number.</param>
    /// <param name="b">The other.</param>
    /// <returns>The sum; wraps around on overflow.</returns>
    ValueTask<int> AddCompletedAsync(int a, int b);

    /// <summary>Adds two numbers, with a token; the task has its result when it is returned.</summary>
    /// <param name="a">One number.</param>
    /// <param name="b">The other.</param>
    /// <param name="cancellationToken">Not looked at.</param>
    /// <returns>The sum; wraps around on overflow.</returns>
    ValueTask<int> AddCompletedCancellableAsync(int a, int b, CancellationToken cancellationToken);

    /// <summary>Adds two numbers, with a token, after it has suspended once.</summary>
    /// <param name="a">One number.</param>
    /// <param name="b">The other.</param>
    /// <param name="cancellationToken">Not looked at.</param>
    /// <returns>The sum; wraps around on overflow.</returns>
    ValueTask<int> AddAwaitingAsync(int a, int b, CancellationToken cancellationToken);

    /// <summary>Serves a request: answers after a while.</summary>
    /// <param name="milliseconds">How long it takes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The time it took, as given.</returns>
    Task<int> ServeAsync(int milliseconds, CancellationToken cancellationToken);

    /// <summary>As <see cref="ServeAsync"/>, and may be asked twice for one request.</summary>
    /// <param name="milliseconds">How long it takes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The time it took, as given.</returns>
    [CallPolicy(Idempotent = true)]
    Task<int> ServeAgainAsync(int milliseconds, CancellationToken cancellationToken);

    /// <summary>What the process that runs the plugin has allocated since its start.</summary>
    /// <returns>Bytes on the managed heap, all threads together.</returns>
    long AllocatedBytes();

    /// <summary>The processor time that the process that runs the plugin has used since its start.</summary>
    /// <returns>Nanoseconds, user and kernel together.</returns>
    long ProcessorNanoseconds();
}
