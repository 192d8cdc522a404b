using Fixtures.Leaks.Contract;

namespace Fixtures.Leaks;

/// <summary>Registrations on tokens of the application.</summary>
internal sealed class Tokens
{
    private int _cancelled;

    public void Register() => Application.Stopping.Token.Register(OnStopping);

    public void Link() => CancellationTokenSource.CreateLinkedTokenSource(Application.Stopping.Token).Token.Register(OnStopping);

    public void Watch() => Application.OnConfigurationChange!(OnStopping);

    public static async Task WaitAsync()
    {
        await new SemaphoreSlim(0).WaitAsync(Application.Stopping.Token);
        Console.WriteLine("late");
    }

    public static async Task DelayAsync()
    {
        await Task.Delay(Timeout.Infinite, Application.Stopping.Token);
        Console.WriteLine("late");
    }

    private void OnStopping() => _cancelled++;
}
