using System.Diagnostics;
using System.Globalization;
using PluginHost.DumpReader;

// Whoever started this holds the other end: where that one is gone, nobody waits for an answer any more.
Thread watch = new(static () =>
{
    using Stream input = Console.OpenStandardInput();
    while (input.ReadByte() >= 0)
    {
    }

    Environment.Exit(ExitCodes.HostGone);
})
{ IsBackground = true, Name = "host watch" };

if (args is not [{ Length: > 0 } dump, { Length: > 0 } framework, { } seconds, { Length: > 0 } watches]
    || !double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out double limit))
{
    Console.Error.WriteLine("Reads what holds load contexts from a dump; started by an application that runs plugins. Arguments: DUMP FRAMEWORK-FOLDER SECONDS HANDLE[,HANDLE...]");
    return ExitCodes.BadArguments;
}

watch.Start();
long began = Stopwatch.GetTimestamp();
using Stream output = Console.OpenStandardOutput();
try
{
    HolderReport.Write(output, dump, framework, [.. watches.Split(',').Select(h => ulong.Parse(h, NumberStyles.HexNumber, CultureInfo.InvariantCulture))], () => Stopwatch.GetElapsedTime(began).TotalSeconds > limit);
    return ExitCodes.Done;
}
catch (Exception unreadable)
{
    Console.Error.WriteLine($"{unreadable.GetType().Name}: {unreadable.Message}");
    return ExitCodes.Unreadable;
}
