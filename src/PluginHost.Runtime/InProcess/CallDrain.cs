using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime.InProcess;

/// <summary>Counts the calls inside a plugin. The guards' targets must be cut before, where a count is to be waited for.</summary>
internal static class CallDrain
{
    /// <summary>How many calls are inside now. Exact once no new one can enter.</summary>
    public static int InFlight(IReadOnlyList<Guard> guards)
    {
        long inside = 0;
        foreach (Guard guard in guards)
        {
            for (int method = 0; method < guard.Contract.Methods.Count; method++)
            {
                inside += ThreadBlocks.Sum(guard.FirstSlot + method).InFlight;
            }
        }

        return (int)inside;
    }
}
