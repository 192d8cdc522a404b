using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Invocation;
using PluginHost.Telemetry.Recording;

namespace Fixtures.HostVictim;

/// <summary>Records a chain of calls through several plugins, and dies in it.</summary>
internal static class FlightVictim
{
    private static readonly string[] s_plugins = ["outer", "middle", "inner", "no id/.."];

    /// <summary>Takes steps such as <c>+0 +1 -1</c>, on a thread of its own where a comma stands before, and kills the process.</summary>
    public static void Run(string state, string steps)
    {
        FlightRecorder flight = FlightRecorder.Open(state, NullLogger.Instance);
        int first = ThreadBlocks.Reserve(s_plugins.Length);
        for (int i = 0; i < s_plugins.Length; i++)
        {
            flight.Name(first + i, s_plugins[i], $"Chain.{s_plugins[i]}", generation: i + 1);
        }

        foreach (string thread in steps.Split(','))
        {
            using ManualResetEventSlim arrived = new();
            new Thread(() =>
            {
                foreach (string step in thread.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    int slot = first + (step[1] - '0');
                    if (step[0] == '+')
                    {
                        ThreadBlocks.Enter(slot);
                    }
                    else
                    {
                        ThreadBlocks.Leave(slot);
                    }
                }

                arrived.Set();
                Thread.Sleep(Timeout.Infinite);
            })
            { IsBackground = true }.Start();
            arrived.Wait();
        }

        Process.GetCurrentProcess().Kill();
    }
}
