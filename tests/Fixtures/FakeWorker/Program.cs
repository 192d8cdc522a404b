using System.Globalization;
using System.Text;

namespace Fixtures.FakeWorker;

/// <summary>
/// Stands in for the worker: does what the next line of a file says, and is the real worker where there is none, so that only the worker that a
/// test means misbehaves.
/// </summary>
internal static class Program
{
    private const string ModesVariable = "FAULTS_MODES";

    private static int Main(string[] arguments)
    {
        if (Environment.GetEnvironmentVariable(ModesVariable) is not { } file || TakeLine(file) is not { } mode)
        {
            return Become(arguments);
        }

        string[] words = mode.Split(' ');
        int number = words.Length > 1 ? int.Parse(words[1], CultureInfo.InvariantCulture) : 0;
        return words[0] switch
        {
            "slow" => SlowStart(number, arguments),
            "never" => Wait(Timeout.Infinite),
            "exit-early" => Exit(3, "leaving before the handshake"),
            _ => new Impostor(File.ReadAllLines(file + ".methods")).Run(words[0]),
        };
    }

    public static int Exit(int code, string lastWords)
    {
        Console.Error.WriteLine(lastWords);
        return code;
    }

    public static int Wait(int milliseconds)
    {
        using ManualResetEventSlim never = new(initialState: false);
        never.Wait(milliseconds);
        return 0;
    }

    private static int SlowStart(int milliseconds, string[] arguments)
    {
        Wait(milliseconds);
        return Become(arguments);
    }

    /// <summary>Takes the first line of a file away; null where there is none.</summary>
    private static string? TakeLine(string file)
    {
        string[] lines = File.Exists(file) ? File.ReadAllLines(file) : [];
        if (lines.Length == 0)
        {
            return null;
        }

        File.WriteAllLines(file, lines[1..]);
        return lines[0];
    }

    /// <summary>Becomes the real worker: the same process, with all that it inherited.</summary>
    private static unsafe int Become(string[] arguments)
    {
        string configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string real = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "worker", configuration, "PluginHost.Worker.dll"));
        string[] words = [Environment.ProcessPath!, "exec", real, .. arguments];
        byte[][] texts = [.. words.Select(word => Encoding.UTF8.GetBytes(word + '\0'))];
        nint* pointers = stackalloc nint[texts.Length + 1];
        for (int i = 0; i < texts.Length; i++)
        {
            pointers[i] = System.Runtime.InteropServices.Marshal.AllocHGlobal(texts[i].Length);
            texts[i].CopyTo(new Span<byte>((void*)pointers[i], texts[i].Length));
        }

        pointers[texts.Length] = 0;
        _ = Libc.execv(pointers[0], pointers);
        return Exit(70, $"{real} could not be started.");
    }
}
