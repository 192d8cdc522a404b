using System.Runtime.InteropServices;
using System.Text;
using Fixtures.Leaks.Contract;

namespace Fixtures.Leaks;

/// <summary>Objects of the plugin in places that outlive it.</summary>
internal static class Storing
{
    public static void InAppDomain() => AppDomain.CurrentDomain.SetData("fixtures.leaks", new Person());

    public static void InCache() => Application.Cache["ada"] = new Person();

    public static void TypeInCache() => Application.Cache["type"] = typeof(Person);

    public static void ManyInCache()
    {
        for (int i = 0; i < 100_000; i++)
        {
            Application.Cache[$"person {i}"] = new Person();
        }
    }

    public static void InThreadStatic() => Application.Current = new Person();

    public static void InConsole() => Console.SetError(new QuietWriter(Console.Error));

    public static void InHandle() => GCHandle.Alloc(new Person());

    public static void InPinnedHandle() => GCHandle.Alloc(new Point[8], GCHandleType.Pinned);

    private readonly record struct Point(int X);

    private sealed class QuietWriter(TextWriter inner) : TextWriter
    {
        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => inner.Write(value);
    }
}
