using PluginHost.Contracts;
using Samples.Contracts;

namespace Fixtures.Careless;

/// <summary>Works, and forgets what it starts: a handler of an event of the process and a timer. Asked to, it ends its process.</summary>
[Plugin]
public sealed class CarelessCalculator : ICalculator
{
    private readonly Timer _timer;

    public CarelessCalculator(IPluginContext context)
    {
        if (context.Settings.TryGetProperty("exit", out _))
        {
            Environment.Exit(0);
        }

        AppDomain.CurrentDomain.ProcessExit += OnExit;
        _timer = new Timer(static _ => { }, this, TimeSpan.FromHours(1), TimeSpan.FromHours(1));
    }

    public int Add(int a, int b) => a + b;

    public ValueTask<int> AddAsync(int a, int b, CancellationToken cancellationToken) => ValueTask.FromResult(a + b);

    public ValueTask<double> SumAsync(double[] values, CancellationToken cancellationToken) => ValueTask.FromResult(values.Sum());

    public double Mean(IReadOnlyList<double> values) => values.Average();

    private void OnExit(object? sender, EventArgs e) => _timer.Change(Timeout.Infinite, Timeout.Infinite);
}
