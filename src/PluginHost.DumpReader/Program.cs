using System.Diagnostics;
using PluginHost.DumpReader;
using PluginHost.DumpReader.Memory;

if (ReaderArguments.Parse(args) is not { } arguments)
{
    Console.Error.WriteLine(ReaderArguments.Usage);
    return ExitCodes.BadArguments;
}

// Whoever started this holds the other end: where that one is gone, nobody waits for an answer any more.
new Thread(() =>
{
    using Stream input = Console.OpenStandardInput();
    while (input.ReadByte() >= 0)
    {
    }

    File.Delete(arguments.File);
    Environment.Exit(ExitCodes.HostGone);
})
{ IsBackground = true, Name = "host watch" }.Start();

long began = Stopwatch.GetTimestamp();
bool IsOver() => Stopwatch.GetElapsedTime(began).TotalSeconds > arguments.Seconds;
using Stream output = Console.OpenStandardOutput();
try
{
    DumpWriter.Write(arguments.Tool, arguments.Process, arguments.File, arguments.MostBytes, IsOver);
    HolderReport.Write(output, arguments.File, arguments.Framework, arguments.Watches, IsOver);
    return ExitCodes.Done;
}
catch (DumpRefusedException refused)
{
    HolderReport.WriteRefusal(output, refused.Message, refused.BySystem ? "system" : "limit");
    return ExitCodes.Unreadable;
}
catch (Exception unreadable)
{
    HolderReport.WriteRefusal(output, $"The dump could not be read: {unreadable.GetType().Name}: {unreadable.Message}", "damage");
    return ExitCodes.Unreadable;
}
finally
{
    File.Delete(arguments.File);
}
