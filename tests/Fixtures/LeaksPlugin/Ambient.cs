using System.Runtime.Loader;

namespace Fixtures.Leaks;

/// <summary>Ambient state of the caller's thread, set in a synchronous call and left there.</summary>
internal static class Ambient
{
    private static readonly AsyncLocal<Person?> s_current = new();

    public static void SetLocal() => s_current.Value = new Person();

    public static void SetSynchronizationContext() => SynchronizationContext.SetSynchronizationContext(new QuietContext());

    public static void EnterContextualReflection() => AssemblyLoadContext.EnterContextualReflection(typeof(Ambient).Assembly);

    private sealed class QuietContext : SynchronizationContext;
}
