using System.Collections.Concurrent;

namespace Fixtures.Leaks.Contract;

/// <summary>What an application might lay open to its plugins by itself, beside the contracts: statics that every plugin reaches.</summary>
public static class Application
{
    private static readonly TaskCompletionSource s_blocked = new();
    private static readonly TaskCompletionSource s_looping = new();

    [ThreadStatic]
    private static object? t_current;

    /// <summary>An event that a plugin may forget to unsubscribe from.</summary>
    public static event EventHandler? Changed;

    /// <summary>Ends with the application, not with a plugin.</summary>
    public static CancellationTokenSource Stopping { get; } = new();

    /// <summary>A cache that nobody empties.</summary>
    public static ConcurrentDictionary<string, object> Cache { get; } = new();

    /// <summary>Ambient states that the application has put aside.</summary>
    public static ConcurrentQueue<ExecutionContext> Captured { get; } = new();

    /// <summary>Ends with <see cref="TellBlocked"/>.</summary>
    public static Task Blocked => s_blocked.Task;

    /// <summary>Ends with <see cref="TellLooping"/>.</summary>
    public static Task Looping => s_looping.Task;

    /// <summary>The application's own provider of services.</summary>
    public static IServiceProvider? Services { get; set; }

    /// <summary>Told when an item of the pool is about to block.</summary>
    public static void TellBlocked() => s_blocked.TrySetResult();

    /// <summary>Told when a thread is about to wait.</summary>
    public static void TellLooping() => s_looping.TrySetResult();

    /// <summary>Makes an object with services of the application's provider, without keeping it.</summary>
    public static Func<Type, object>? Activate { get; set; }

    /// <summary>Resolves a type from a provider of its own, which is disposed.</summary>
    public static Action<Type>? ActivateInChild { get; set; }

    /// <summary>Makes a logger by a type's name.</summary>
    public static Action<Type>? CreateLogger { get; set; }

    /// <summary>Calls back when the application's configuration changes.</summary>
    public static Func<Action, IDisposable>? OnConfigurationChange { get; set; }

    /// <summary>What the calling thread of the application works on.</summary>
    public static object? Current
    {
        get => t_current;
        set => t_current = value;
    }

    /// <summary>Raises <see cref="Changed"/>.</summary>
    public static void Change() => Changed?.Invoke(null, EventArgs.Empty);
}
