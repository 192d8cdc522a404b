using Fixtures.Leaks.Contract;
using Microsoft.Extensions.Logging;

namespace Fixtures.Leaks;

/// <summary>Types of the plugin in the application's provider of services.</summary>
internal sealed class Injected
{
    public static void Service() => _ = Application.Services!.GetService(typeof(Injected));

    public static void Enumerable() => _ = Application.Services!.GetService(typeof(IEnumerable<Injected>));

    public static void Logger() => _ = Application.Services!.GetService(typeof(ILogger<Injected>));

    public static void Activate() => Application.Activate!(typeof(Injected));

    public static void ActivateInChild() => Application.ActivateInChild!(typeof(Injected));

    public static void LoggerByType() => Application.CreateLogger!(typeof(Injected));
}
