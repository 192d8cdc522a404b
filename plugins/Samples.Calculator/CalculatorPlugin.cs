using PluginHost.Contracts;
using Samples.Contracts;

namespace Samples.Calculator;

/// <summary>Does sums; what a call costs here is almost only the way to it.</summary>
[Plugin]
public sealed class CalculatorPlugin : ICalculator
{
    /// <inheritdoc/>
    public int Add(int a, int b) => unchecked(a + b);

    /// <inheritdoc/>
    public ValueTask<int> AddAsync(int a, int b, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<int>(cancellationToken)
            : ValueTask.FromResult(unchecked(a + b));

    /// <inheritdoc/>
    public ValueTask<double> SumAsync(double[] values, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(values);
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<double>(cancellationToken)
            : ValueTask.FromResult(CompensatedSum.Of(values));
    }

    /// <inheritdoc/>
    public double Mean(IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values.Count > 0
            ? CompensatedSum.Of(values) / values.Count
            : throw new NoValuesException("An empty list has no mean; give at least one value.");
    }
}
