using Fixtures.Leaks.Contract;

namespace Fixtures.Leaks;

/// <summary>A timer that nobody disposes.</summary>
internal sealed class Ticking
{
    private Timer? _timer;

    public void Start() => _timer = new Timer(OnTick, null, TimeSpan.FromHours(1), TimeSpan.FromHours(1));

    private void OnTick(object? state) => _timer?.Change(Timeout.Infinite, Timeout.Infinite);
}

/// <summary>Threads that do not end.</summary>
internal sealed class Looping
{
    private readonly ManualResetEventSlim _never = new();

    public void Start() => new Thread(Loop) { IsBackground = true, Name = "leaks-loop" }.Start();

    public void Block() => ThreadPool.QueueUserWorkItem(Blocked);

    private void Loop()
    {
        Application.TellLooping();
        while (!_never.Wait(TimeSpan.FromHours(1)))
        {
        }
    }

    private void Blocked(object? state)
    {
        Application.TellBlocked();
        while (!_never.Wait(TimeSpan.FromHours(1)))
        {
        }
    }
}

/// <summary>Waits that last longer than the plugin.</summary>
internal sealed class Waiting
{
    public static async Task DelayAsync()
    {
        await Task.Delay(TimeSpan.FromHours(1));
        Console.WriteLine("late");
    }

    public static async Task TickAsync()
    {
        using PeriodicTimer timer = new(TimeSpan.FromHours(1));
        while (await timer.WaitForNextTickAsync())
        {
            Console.WriteLine("tick");
        }
    }

    public static void CancelLater()
    {
        CancellationTokenSource source = new(TimeSpan.FromHours(1));
        source.Token.Register(static () => Console.WriteLine("late"));
    }

    public void Register() => ThreadPool.RegisterWaitForSingleObject(new ManualResetEvent(false), OnSignal, null, Timeout.Infinite, executeOnlyOnce: true);

    private void OnSignal(object? state, bool timedOut) => Console.WriteLine(GetHashCode());
}
