using System.Runtime.CompilerServices;
using FlightVictim;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Invocation;
using PluginHost.Telemetry.Recording;

// Records to a folder, goes into two methods of a plugin, and ends as told.
string folder = args[0];
string end = args[1];
using FlightRecorder recorder = FlightRecorder.Open(folder, NullLogger.Instance);
if (!recorder.IsAvailable)
{
    Console.WriteLine(recorder.UnavailableReason);
    return 3;
}

int first = ThreadBlocks.Reserve(3);
ProbeGuard guard = new(first);
recorder.Name(first, "victim.plugin", "Victim.Outer", 7);
recorder.Name(first + 1, "victim.plugin", "Victim.Inner", 7);
recorder.Name(first + 2, "victim.plugin", "Victim.Finished", 7);

guard.Call(2, () => { });
switch (end)
{
    case "orderly":
        guard.Call(0, () => guard.Call(1, () => { }));
        Console.WriteLine("ready");
        return 0;
    case "restarted":
        guard.Call(0, () => { });
        recorder.Dispose();
        using (FlightRecorder second = FlightRecorder.Open(args[2], NullLogger.Instance))
        {
            guard.Call(0, () =>
            {
                Console.WriteLine(second.UnavailableReason ?? "ready");
                Console.ReadLine();
            });
        }

        return 0;
    case "linked":
        using (FlightRecorder second = FlightRecorder.Open(args[2], NullLogger.Instance))
        {
            recorder.Dispose();
            guard.Call(0, () =>
            {
                Console.WriteLine(second.UnavailableReason ?? "ready");
                Console.ReadLine();
            });
        }

        return 0;
    case "block":
        guard.Call(0, () => guard.Call(1, () =>
        {
            Console.WriteLine("ready");
            Console.ReadLine();
        }));
        return 0;
    case "waits":
        guard.Wait(1);
        guard.Wait(1);
        Console.WriteLine("ready");
        Console.ReadLine();
        return 0;
    case "failfast":
        guard.Call(0, () => guard.Call(1, () => Environment.FailFast("as told")));
        return 0;
    case "exits":
    case "throws":
        using (ManualResetEventSlim inside = new())
        {
            new Thread(() => guard.Call(0, () =>
            {
                inside.Set();
                while (true)
                {
                    // At work: it cannot have asked for the end.
                }
            }))
            { IsBackground = true }.Start();
            inside.Wait();
        }

        Thread ending = new(() => guard.Call(1, () =>
        {
            if (end == "throws")
            {
                throw new InvalidOperationException("as told");
            }

            Environment.Exit(4);
        }));
        ending.Start();
        ending.Join();
        return 0;
    case "overflow":
        guard.Call(0, () => guard.Call(1, () => Overflow(1)));
        return 0;
    default:
        Console.WriteLine($"'{end}' is no way to end.");
        return 2;
}

[MethodImpl(MethodImplOptions.NoInlining)]
static int Overflow(int depth) => Overflow(depth + 1) + Overflow(depth + 2);
