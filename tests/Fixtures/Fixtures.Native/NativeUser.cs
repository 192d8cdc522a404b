using System.Runtime.InteropServices;
using Fixtures.Contracts;
using PluginHost.Contracts;

namespace Fixtures.Native;

/// <summary>Calls a native library that lies in its folder, whichever that is; or, by its settings, one that lies nowhere.</summary>
[Plugin]
public sealed class NativeUser(IPluginContext context) : ILibraryUser
{
    public string LibraryVersion() => context.Settings.TryGetProperty("absent", out _)
        ? $"native {Absent()}"
        : $"native {Version()}, call {Calls()}, from {typeof(NativeUser).Assembly.Location}";

    [DllImport("fixture_absent", EntryPoint = "fixture_version")]
    private static extern int Absent();

    [DllImport("fixture", EntryPoint = "fixture_version")]
    private static extern int Version();

    [DllImport("fixture", EntryPoint = "fixture_calls")]
    private static extern int Calls();
}
