using PluginHost.Contracts;

namespace Samples.Contracts;

/// <summary>Sums: small calls that an application makes very often. Thread-safe.</summary>
[PluginContract(Major = 1)]
public interface ICalculator
{
    /// <summary>Adds two numbers on the caller's thread.</summary>
    /// <param name="a">One number.</param>
    /// <param name="b">The other.</param>
    /// <returns>The sum; wraps around on overflow.</returns>
    [WireName("AddNow")]
    [CallPolicy(Idempotent = true)]
    int Add(int a, int b);

    /// <summary>Adds two numbers.</summary>
    /// <param name="a">One number.</param>
    /// <param name="b">The other.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The sum; wraps around on overflow.</returns>
    [CallPolicy(Idempotent = true)]
    ValueTask<int> AddAsync(int a, int b, CancellationToken cancellationToken);

    /// <summary>Sums a list, with compensation for rounding.</summary>
    /// <param name="values">The numbers; may be empty.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The sum; 0 for an empty list.</returns>
    [CallPolicy(Idempotent = true)]
    ValueTask<double> SumAsync(double[] values, CancellationToken cancellationToken);

    /// <summary>The arithmetic mean of a list.</summary>
    /// <param name="values">The numbers; at least one.</param>
    /// <returns>The mean.</returns>
    /// <exception cref="NoValuesException">The list is empty. A declared error: the caller's, not a fault.</exception>
    [Throws<NoValuesException>]
    [CallPolicy(Idempotent = true)]
    double Mean(IReadOnlyList<double> values);
}

/// <summary>A list was empty where at least one value is needed.</summary>
public sealed class NoValuesException : Exception
{
    /// <summary>Creates one.</summary>
    /// <param name="message">The text a person reads.</param>
    public NoValuesException(string message)
        : base(message)
    {
    }
}
