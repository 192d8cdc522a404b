using Samples.Calculator;
using Samples.Contracts;

namespace Samples.Tests.Calculator;

public sealed class CalculatorPluginTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2, 3, 5)]
    [InlineData(-2, 2, 0)]
    [InlineData(int.MaxValue, 1, int.MinValue)]
    public async Task Both_ways_of_adding_agree_and_wrap_around(int a, int b, int sum)
    {
        CalculatorPlugin plugin = new();

        Assert.Equal(sum, plugin.Add(a, b));
        Assert.Equal(sum, await plugin.AddAsync(a, b, Token));
    }

    [Fact]
    public async Task A_sum_keeps_what_plain_addition_rounds_away()
    {
        Assert.Equal(2, await new CalculatorPlugin().SumAsync([1, 1e100, 1, -1e100], Token));
    }

    [Fact]
    public async Task The_sum_of_nothing_is_0()
    {
        Assert.Equal(0, await new CalculatorPlugin().SumAsync([], Token));
    }

    [Fact]
    public async Task An_infinite_sum_is_infinite_and_not_NaN()
    {
        Assert.Equal(double.PositiveInfinity, await new CalculatorPlugin().SumAsync([double.MaxValue, double.MaxValue, 1], Token));
    }

    [Fact]
    public void A_mean_is_the_sum_over_the_count()
    {
        Assert.Equal(2.5, new CalculatorPlugin().Mean([1, 2, 3, 4]));
    }

    [Fact]
    public void The_mean_of_nothing_is_the_declared_error()
    {
        Assert.Throws<NoValuesException>(() => new CalculatorPlugin().Mean([]));
    }
}
