using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Fixtures.Hostile;

public sealed partial class Process_
{
    public async void Later()
    {
        await Task.Yield();
        Console.WriteLine();
    }

    public void Exit() => Environment.Exit(1);

    public Task InALambda() => Task.Run(static async () =>
    {
        await Task.Yield();
        Environment.Exit(2);
    });

    public IEnumerable<int> InAnIterator()
    {
        yield return 1;
        Environment.FailFast("no");
    }

    public void InALocalFunction()
    {
        End();

        static void End() => Environment.Exit(3);
    }

    public void Start() => Process.Start("true");

    public void State() => Environment.SetEnvironmentVariable("FIXTURES", "1");

    public void Signals() => PosixSignalRegistration.Create(PosixSignal.SIGTERM, static _ => { });

    public void Handler() => ExceptionHandling.SetUnhandledExceptionHandler(static _ => true);

    public void Abort(Thread thread) => thread.Abort();

    public void Collect() => GC.Collect();
}

public sealed class Killer
{
    public void Kill(int id) => Process.GetProcessById(id).Kill();
}

public static partial class Native
{
    [DllImport("libc", EntryPoint = "getpid")]
    public static extern int Pid();

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint Variable(string name);

    [DllImport("libc", EntryPoint = "_exit")]
    public static extern void End(int code);

    public static unsafe int Pointer(int[] values)
    {
        fixed (int* first = values)
        {
            return first[values.Length];
        }
    }

    public static int Cast(object value) => Unsafe.As<string>(value).Length;

    public static int SafeStack()
    {
        Span<int> values = stackalloc int[4];
        return values.Length;
    }
}

public sealed class Looking
{
    private readonly string _own = "";

    public FieldInfo? Private() => typeof(string).GetField("_stringLength", BindingFlags.NonPublic | BindingFlags.Instance);

    public FieldInfo? OwnPrivate() => typeof(Looking).GetField(nameof(_own), BindingFlags.NonPublic | BindingFlags.Instance);

    public FieldInfo? Unknown(object value) => value.GetType().GetField("_any", BindingFlags.NonPublic | BindingFlags.Instance);

    public Type? ByName() => Type.GetType("PluginHost.Runtime.PluginRuntime, PluginHost.Runtime");

    public MethodInfo? Public() => typeof(string).GetMethod("Trim", BindingFlags.Public | BindingFlags.Instance);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_stringLength")]
    public static extern ref int Length(string text);
}
