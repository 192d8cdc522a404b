namespace Samples.Calculator;

/// <summary>Neumaier's sum: what each addition rounds away is kept beside the sum and added at the end.</summary>
internal static class CompensatedSum
{
    /// <summary>Sums; 0 for nothing. Infinities and NaN come out as plain addition gives them.</summary>
    public static double Of(IEnumerable<double> values)
    {
        double sum = 0, lost = 0;
        foreach (double value in values)
        {
            double next = sum + value;
            lost += Math.Abs(sum) >= Math.Abs(value) ? sum - next + value : value - next + sum;
            sum = next;
        }

        return double.IsFinite(sum) ? sum + lost : sum;
    }
}
