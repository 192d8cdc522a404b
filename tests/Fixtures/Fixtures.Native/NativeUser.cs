using System.Runtime.InteropServices;
using Fixtures.Contracts;
using PluginHost.Contracts;

namespace Fixtures.Native;

/// <summary>Calls a native library that lies in its folder, whichever that is.</summary>
[Plugin]
public sealed class NativeUser : ILibraryUser
{
    public string LibraryVersion() => $"native {Version()}, call {Calls()}, from {typeof(NativeUser).Assembly.Location}";

    [DllImport("fixture", EntryPoint = "fixture_version")]
    private static extern int Version();

    [DllImport("fixture", EntryPoint = "fixture_calls")]
    private static extern int Calls();
}
