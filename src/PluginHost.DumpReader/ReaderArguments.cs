using System.Globalization;

namespace PluginHost.DumpReader;

/// <summary>What the program was started with.</summary>
/// <param name="Tool">What writes the dump.</param>
/// <param name="Process">The process to look into.</param>
/// <param name="File">The dump, which is made and removed.</param>
/// <param name="MostBytes">How large it may become.</param>
/// <param name="Framework">The folder of the runtime that the process runs on.</param>
/// <param name="Seconds">How long all of it may take.</param>
/// <param name="Watches">The handles.</param>
internal sealed record ReaderArguments(string Tool, int Process, string File, long MostBytes, string Framework, double Seconds, IReadOnlyList<ulong> Watches)
{
    public const string Usage =
        "Says what holds load contexts of another process; started by an application that runs plugins. Arguments: CREATEDUMP PID DUMP MOST-BYTES FRAMEWORK-FOLDER SECONDS HANDLE[,HANDLE...]";

    /// <summary>Reads them; null where they are not what <see cref="Usage"/> says.</summary>
    public static ReaderArguments? Parse(string[] arguments)
    {
        if (arguments is not [{ Length: > 0 } tool, { } pid, { Length: > 0 } file, { } bytes, { Length: > 0 } framework, { } time, { } handles]
            || !int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out int process)
            || !long.TryParse(bytes, NumberStyles.None, CultureInfo.InvariantCulture, out long most)
            || !double.TryParse(time, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds))
        {
            return null;
        }

        List<ulong> watches = [];
        foreach (string handle in handles.Split(','))
        {
            if (!ulong.TryParse(handle, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong watch))
            {
                return null;
            }

            watches.Add(watch);
        }

        return new ReaderArguments(tool, process, file, most, framework, seconds, watches);
    }
}
