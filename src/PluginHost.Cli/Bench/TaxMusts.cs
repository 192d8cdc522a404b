using PluginHost.Cli.Output;

namespace PluginHost.Cli.Bench;

/// <summary>What out-of-process calls have to reach, beside what they did reach. A pure function.</summary>
internal static class TaxMusts
{
    private const string Completed = "completed";
    private const string Awaits = "awaits";
    private const string Sync = "sync";
    private const string Async = "async";

    /// <summary>The table. A row that has to be measured otherwise pinned than it was has its figure and no verdict.</summary>
    /// <param name="machine">Where it was measured.</param>
    /// <param name="rows">What was measured.</param>
    public static IReadOnlyList<MustLine> Of(MachineLine machine, IReadOnlyList<TaxTierLine> rows)
    {
        bool? isPinned = machine.Pinned ? true : null;
        bool? isFree = machine.Pinned ? null : true;
        TaxTierLine socket = Row(rows, TaxRow.Socket, Async, Completed);
        TaxTierLine ring = Row(rows, TaxRow.Ring, Async, Completed);
        return
        [
            AtMost("sequential p50 over the socket ping-pong, pinned to one core", TaxRow.Socket, Sync, Row(rows, TaxRow.Socket, Sync, Completed).TimesFloor, "x", 1.7, 1.3, isPinned),
            AtMost("sequential p50, unpinned", TaxRow.Ring, Async, ring.Sequential.P50Ns / 1000, "us", 9, 6, isFree),
            AtMost("sequential p50, unpinned", TaxRow.Ring, Sync, Row(rows, TaxRow.Ring, Sync, Completed).Sequential.P50Ns / 1000, "us", 3, 2, isFree),
            AtLeast("64 in flight", TaxRow.Socket, socket.InFlight64.CallsPerSecond, 600_000, 1_000_000),
            AtLeast("64 in flight", TaxRow.Ring, ring.InFlight64.CallsPerSecond, 1_200_000, 2_000_000),
            AtMost("processor time a call, 64 in flight", TaxRow.Ring, Async, ring.CpuNsPerCall / 1000, "us", 1.6, 1.0, true),
            AtMost("allocated a call, primitives", TaxRow.Socket, Async, socket.AllocatedBytesPerCall, "B", 0, 0, true),
            AtMost("allocated a call, primitives", TaxRow.Ring, Async, ring.AllocatedBytesPerCall, "B", 0, 0, true),
            AtMost("allocated a call, the handler awaits", TaxRow.Socket, Async, Row(rows, TaxRow.Socket, Async, Awaits).AllocatedBytesPerCall, "B", 128, 0, true),
            AtMost("allocated a call, the handler awaits", TaxRow.Ring, Async, Row(rows, TaxRow.Ring, Async, Awaits).AllocatedBytesPerCall, "B", 128, 0, true),
            AtMost("one call a millisecond, p50, unpinned", TaxRow.Socket, Async, socket.Sparse.P50Ns / 1000, "us", 60, 50, isFree),
            AtMost("one call a millisecond, p50, unpinned", TaxRow.Ring, Async, ring.Sparse.P50Ns / 1000, "us", 60, 50, isFree),
        ];
    }

    private static TaxTierLine Row(IReadOnlyList<TaxTierLine> rows, string transport, string caller, string handler) =>
        rows.First(r => r.Transport == transport && r.Codec == "messagepack" && r.Caller == caller && r.Handler == handler && r.Token);

    private static MustLine AtMost(string name, string transport, string caller, double value, string unit, double must, double aim, bool? applies) =>
        new(name, transport, caller, Math.Round(value, 3), unit, must, aim, applies is null ? null : Reaches(value, must, unit));

    private static MustLine AtLeast(string name, string transport, double value, double must, double aim) =>
        new(name, transport, Async, value, "calls/s", must, aim, value >= must);

    // Memory that the runtime hands out in pieces is seen as fractions of a byte a call; half of one is none.
    private static bool Reaches(double value, double must, string unit) => value <= must + (unit == "B" ? 0.5 : 0);
}
